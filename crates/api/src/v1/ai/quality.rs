//! `GET /ai/quality`.

use atc_app::QualityWindow;
use atc_core::category::Slug;
use axum::{Json, extract::State};
use chrono::{DateTime, Days, TimeDelta, Utc};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, FromParams, Params, Query, permissions::ReadDecisions},
    problem::Result,
    wire::{AgentName, QualityBody},
};

endpoint!(ai_quality);

/// How far back is looked, where nobody says.
const USUAL_DAYS: Days = Days::new(30);

/// How good the agents are, over time and by category, from what people kept or changed.
#[utoipa::path(
    get, path = "/ai/quality", tag = "AI", params(QualityParams),
    responses((status = 200, description = "Accuracy, calibration, use.", body = QualityBody))
)]
async fn ai_quality(
    Can { ctx, .. }: Can<ReadDecisions>,
    State(state): State<ApiState>,
    Query(wanted): Query<QualityParams>,
) -> Result<Json<QualityBody>> {
    // What is decided in this moment counts as well.
    let before = wanted.created_before.unwrap_or(ctx.now + TimeDelta::milliseconds(1));
    let usual = before.checked_sub_days(USUAL_DAYS).unwrap_or(before);
    let window = QualityWindow {
        agent: wanted.agent.map(Into::into),
        category: wanted.category,
        after: wanted.created_after.unwrap_or(usual),
        before,
    };
    Ok(Json(state.app.quality(&window).await?.into()))
}

/// Which decisions are counted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct QualityParams {
    /// Of this agent.
    #[param(nullable = false)]
    agent: Option<AgentName>,
    /// About this category: decided so, or changed to it.
    #[param(nullable = false, value_type = Option<String>, example = "billing")]
    category: Option<Slug>,
    /// Written at this moment or later; 30 days unless said otherwise.
    #[param(nullable = false)]
    created_after: Option<DateTime<Utc>>,
    /// Written before this moment.
    #[param(nullable = false)]
    created_before: Option<DateTime<Utc>>,
}

impl FromParams for QualityParams {
    fn from_params(params: &mut Params) -> Self {
        Self {
            agent: params.one("agent"),
            category: params.one_with("category", Slug::parse),
            created_after: params.time("created_after"),
            created_before: params.time("created_before"),
        }
    }
}
