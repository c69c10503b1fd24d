//! Holding a queue, and letting it go on.

use atc_core::job::Queue;
use axum::{extract::State, response::Redirect};

use crate::{
    ApiState,
    extract::{Can, Id, permissions::ManageJobs},
    problem::Result,
};

/// `POST /queues/{name}/pause`.
pub(super) async fn pause(
    can: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(queue): Id<Queue>,
) -> Result<Redirect> {
    state.app.set_queue_paused(&can.ctx, &queue, true).await?;
    Ok(Redirect::to("/"))
}

/// `POST /queues/{name}/resume`.
pub(super) async fn resume(
    can: Can<ManageJobs>,
    State(state): State<ApiState>,
    Id(queue): Id<Queue>,
) -> Result<Redirect> {
    state.app.set_queue_paused(&can.ctx, &queue, false).await?;
    Ok(Redirect::to("/"))
}
