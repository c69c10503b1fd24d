//! `POST /notifications/{id}/read`.

use atc_core::id::NotificationId;
use axum::{Json, extract::State};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Id, permissions::ManageNotifications},
    problem::Result,
    wire::NotificationBody,
};

endpoint!(read_notification);

/// Mark a notification as read.
#[utoipa::path(
    post, path = "/notifications/{id}/read", tag = "Notifications",
    params(("id" = String, Path, description = "Its id.",
        example = "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11")),
    responses((status = 200, description = "The notification.", body = NotificationBody))
)]
async fn read_notification(
    Can { ctx, .. }: Can<ManageNotifications>,
    State(state): State<ApiState>,
    Id(id): Id<NotificationId>,
) -> Result<Json<NotificationBody>> {
    let read = state.app.read_notification(&ctx, id).await?;
    Ok(Json(NotificationBody::from(&read)))
}
