//! `POST /queues/{name}/resume`.

use atc_core::job::Queue;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageJobs},
    problem::Result,
    wire::QueueBody,
};

endpoint!(resume_queue);

/// Let a queue go on.
///
/// What waited meanwhile is begun at once.
#[utoipa::path(
    post, path = "/queues/{name}/resume", tag = "Jobs",
    params(("name" = String, Path, description = "The queue.", example = "default")),
    responses((status = 200, description = "The queue.", body = QueueBody))
)]
async fn resume_queue(
    Can { ctx, .. }: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(queue): Id<Queue>,
) -> Result<Json<QueueBody>> {
    state.app.set_queue_paused(&ctx, &queue, false).await?;
    Ok(Json(state.app.get_queue(&queue).await?.into()))
}
