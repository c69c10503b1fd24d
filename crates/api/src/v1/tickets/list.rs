//! `GET /tickets`.

use atc_core::{
    id::TicketNumber,
    ticket::{TicketPosition, TicketSort},
};
use axum::{extract::State, response::Response};
use utoipa::IntoParams;

use super::filter::FilterParams;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{
        Can, Cursor, FromParams, ListUri, PageParams, Params, Query, permissions::ReadTickets,
    },
    problem::Result,
    reply::{self, PageBody},
    wire::TicketBody,
};

endpoint!(list_tickets);

/// The largest key of a position that means anything.
const MOST_KEY: i64 = 8_000_000_000_000_000;

/// List tickets.
///
/// Agents and administrators see all of them, users their own.
#[utoipa::path(
    get, path = "/tickets", tag = "Tickets", params(FilterParams, SortParam, PageParams),
    responses((status = 200, description = "A page of tickets.", body = PageBody<TicketBody>))
)]
async fn list_tickets(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(wanted): Query<ListParams>,
) -> Result<Response> {
    let request = wanted.turn.request(&uri, |(key, number): (i64, i64)| {
        // A key is a number, a priority, or milliseconds since 1970; chrono and both databases know none beyond.
        let known = -MOST_KEY..=MOST_KEY;
        known.contains(&key).then_some(TicketPosition { key, number: TicketNumber(number) })
    })?;
    let filter = wanted.filter.for_caller(ctx.caller.user_id);
    let page = state.app.list_tickets(&ctx, &filter, wanted.sort, request).await?;
    let cursor = |p: &TicketPosition| Cursor::at(&(p.key, p.number.0));
    Ok(reply::page(page, &uri, cursor, TicketBody::from))
}

/// Which tickets, in which order, and which page of them.
struct ListParams {
    filter: FilterParams,
    sort: TicketSort,
    turn: PageParams,
}

impl FromParams for ListParams {
    fn from_params(params: &mut Params) -> Self {
        let filter = FilterParams::from_params(params);
        let by_default = if filter.has_query() {
            TicketSort::Relevance
        } else {
            TicketSort::CreatedAt { descending: true }
        };
        let sort = match params.one::<String>("sort") {
            None => by_default,
            Some(text) => TicketSort::parse(&text).unwrap_or_else(|| {
                let fields = "created_at, updated_at, priority or number";
                params.fault("sort", format!("Sort by {fields}, with - before it for descending."));
                by_default
            }),
        };
        Self { filter, sort, turn: PageParams::from_params(params) }
    }
}

/// The order of a list of tickets.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter for the document")]
struct SortParam {
    /// `created_at`, `updated_at`, `priority` or `number`, with `-` before it for descending.
    /// By default `-created_at`; with `q`, the best match first.
    #[param(nullable = false, example = "-created_at")]
    sort: Option<String>,
}
