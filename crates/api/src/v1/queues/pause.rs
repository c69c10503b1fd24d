//! `POST /queues/{name}/pause`.

use atc_core::job::Queue;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageJobs},
    problem::Result,
    wire::QueueBody,
};

endpoint!(pause_queue);

/// Hold a queue.
///
/// What waits in it is not begun until it goes on; what runs is not touched.
#[utoipa::path(
    post, path = "/queues/{name}/pause", tag = "Jobs",
    params(("name" = String, Path, description = "The queue.", example = "default")),
    responses((status = 200, description = "The queue.", body = QueueBody))
)]
async fn pause_queue(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(queue): Id<Queue>,
) -> Result<Json<QueueBody>> {
    state.app.set_queue_paused(&ctx, &queue, true).await?;
    Ok(Json(state.app.get_queue(&queue).await?.into()))
}
