//! `GET /tickets/stats`.

use axum::{Json, extract::State};

use super::filter::FilterParams;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Query, permissions::ReadTickets},
    problem::Result,
    wire::StatsBody,
};

endpoint!(ticket_stats);

/// Statistics over the tickets that the caller may see.
///
/// Counts by status, priority, category and assignee; made and resolved per day; median seconds to
/// the first answer and to resolution. The filters are those of the list.
#[utoipa::path(
    get, path = "/tickets/stats", tag = "Tickets", params(FilterParams),
    responses((status = 200, description = "The statistics.", body = StatsBody))
)]
async fn ticket_stats(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    Query(filter): Query<FilterParams>,
) -> Result<Json<StatsBody>> {
    let filter = filter.for_caller(ctx.caller.user_id);
    Ok(Json(state.app.ticket_stats(&ctx, &filter).await?.into()))
}
