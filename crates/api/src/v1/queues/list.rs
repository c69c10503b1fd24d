//! `GET /queues`.

use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadJobs},
    problem::Result,
    reply::ItemsBody,
    wire::QueueBody,
};

endpoint!(list_queues);

/// List the queues of jobs, by name.
#[utoipa::path(
    get, path = "/queues", tag = "Jobs",
    responses((status = 200, description = "All of them.", body = ItemsBody<QueueBody>))
)]
async fn list_queues(
    _: Can<ReadJobs>,
    State(state): State<ApiState>,
) -> Result<Json<ItemsBody<QueueBody>>> {
    let queues = state.app.list_queues().await?;
    Ok(Json(ItemsBody { items: queues.into_iter().map(QueueBody::from).collect() }))
}
