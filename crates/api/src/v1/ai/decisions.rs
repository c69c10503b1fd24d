//! `GET /ai/decisions`.

use atc_app::{DecisionFilter, DecisionPosition};
use atc_core::id::TicketNumber;
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{
        Can, Cursor, FromParams, ListUri, PageParams, Params, Query, permissions::ReadDecisions,
    },
    problem::Result,
    reply::{self, PageBody},
    wire::{AgentName, DecisionAction, DecisionBody},
};

endpoint!(list_decisions);

/// The decision ledger, newest first: everything that agents wrote, with what spoke for it.
#[utoipa::path(
    get, path = "/ai/decisions", tag = "AI", params(DecisionParams, PageParams),
    responses((status = 200, description = "A page of decisions.", body = PageBody<DecisionBody>))
)]
async fn list_decisions(
    _: Can<ReadDecisions>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(wanted): Query<ListParams>,
) -> Result<Response> {
    let request = wanted.turn.request(&uri, Some::<DecisionPosition>)?;
    let page = state.app.list_decisions(&wanted.filter.into(), request).await?;
    Ok(reply::page(page, &uri, |p: &DecisionPosition| Cursor::at(p), DecisionBody::from))
}

struct ListParams {
    filter: DecisionParams,
    turn: PageParams,
}

impl FromParams for ListParams {
    fn from_params(params: &mut Params) -> Self {
        Self { filter: DecisionParams::from_params(params), turn: PageParams::from_params(params) }
    }
}

/// Which decisions. Filters narrow each other.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct DecisionParams {
    /// Of this agent.
    #[param(nullable = false)]
    agent: Option<AgentName>,
    /// Of this kind.
    #[param(nullable = false)]
    action: Option<DecisionAction>,
    /// On the ticket of this number.
    #[param(value_type = Option<i64>, nullable = false, minimum = 1)]
    ticket: Option<TicketNumber>,
    /// In this conversation.
    #[param(nullable = false)]
    conversation_id: Option<Uuid>,
    /// By this provider; `local` is the embedded engine.
    #[param(nullable = false)]
    provider: Option<String>,
    /// With this model.
    #[param(nullable = false)]
    model: Option<String>,
    /// Beside the live agent (true), or live (false).
    #[param(nullable = false)]
    shadow: Option<bool>,
    /// Put back (true), or not (false).
    #[param(nullable = false)]
    reverted: Option<bool>,
    /// Written at this moment or later.
    #[param(nullable = false)]
    created_after: Option<DateTime<Utc>>,
    /// Written before this moment.
    #[param(nullable = false)]
    created_before: Option<DateTime<Utc>>,
}

impl FromParams for DecisionParams {
    fn from_params(params: &mut Params) -> Self {
        Self {
            agent: params.one("agent"),
            action: params.one("action"),
            ticket: params.one("ticket"),
            conversation_id: params.one("conversation_id"),
            provider: params.one("provider"),
            model: params.one("model"),
            shadow: params.one("shadow"),
            reverted: params.one("reverted"),
            created_after: params.time("created_after"),
            created_before: params.time("created_before"),
        }
    }
}

impl From<DecisionParams> for DecisionFilter {
    fn from(params: DecisionParams) -> Self {
        Self {
            agent: params.agent.map(Into::into),
            action: params.action.map(Into::into),
            ticket: params.ticket,
            conversation: params.conversation_id,
            provider: params.provider,
            model: params.model,
            shadow: params.shadow,
            reverted: params.reverted,
            after: params.created_after,
            before: params.created_before,
        }
    }
}
