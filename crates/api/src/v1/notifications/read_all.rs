//! `POST /notifications/read-all`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ManageNotifications},
    problem::Result,
};

endpoint!(read_all_notifications);

/// Mark all of one's notifications as read.
#[utoipa::path(
    post, path = "/notifications/read-all", tag = "Notifications",
    responses((status = 200, description = "How many were not.", body = ReadAllBody))
)]
async fn read_all_notifications(
    Can { ctx, .. }: Can<ManageNotifications>,
    State(state): State<ApiState>,
) -> Result<Json<ReadAllBody>> {
    Ok(Json(ReadAllBody { read: state.app.read_all_notifications(&ctx).await? }))
}

/// What became of the notifications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadAll, example = json!({"read": 3}))]
struct ReadAllBody {
    /// How many are read now that were not before.
    read: u64,
}
