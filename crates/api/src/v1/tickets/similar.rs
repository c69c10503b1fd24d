//! `GET /tickets/{id}/similar`.

use atc_core::{id::TicketRef, page::Limit};
use axum::{Json, extract::State};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, FromParams, Id, Params, Query, permissions::ReadTickets},
    problem::Result,
    reply::ItemsBody,
    wire::SimilarBody,
};

endpoint!(similar_tickets);

/// Tickets that are like this one, by meaning; most alike first.
#[utoipa::path(
    get, path = "/tickets/{id}/similar", tag = "Tickets",
    params(
        ("id" = String, Path, description = "Its id or its number.", example = "42"),
        MostParams
    ),
    responses((status = 200, description = "The tickets.", body = ItemsBody<SimilarBody>))
)]
async fn similar_tickets(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    Id(reference): Id<TicketRef>,
    Query(most): Query<MostParams>,
) -> Result<Json<ItemsBody<SimilarBody>>> {
    let similar = state.app.similar_tickets(&ctx, reference, most.limit).await?;
    Ok(Json(ItemsBody { items: similar.into_iter().map(SimilarBody::from).collect() }))
}

/// How many results a search has.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::v1) struct MostParams {
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 10, required = false, example = 10)]
    pub limit: usize,
}

impl FromParams for MostParams {
    fn from_params(params: &mut Params) -> Self {
        let limit = params.one("limit").unwrap_or(10);
        if Limit::new(limit as u64).is_none() {
            params.fault("limit", "Ask for 1 to 100 results.");
        }
        Self { limit }
    }
}
