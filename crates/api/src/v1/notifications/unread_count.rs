//! `GET /notifications/unread-count`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, permissions::ReadNotifications},
    problem::Result,
};

endpoint!(count_unread_notifications);

/// How many of one's notifications are unread.
#[utoipa::path(
    get, path = "/notifications/unread-count", tag = "Notifications",
    responses((status = 200, description = "The count.", body = UnreadCountBody))
)]
async fn count_unread_notifications(
    Can { ctx, .. }: Can<ReadNotifications>,
    State(state): State<ApiState>,
) -> Result<Json<UnreadCountBody>> {
    Ok(Json(UnreadCountBody { unread: state.app.unread_notifications(&ctx).await? }))
}

/// How many notifications are unread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnreadCount, example = json!({"unread": 3}))]
struct UnreadCountBody {
    /// That many.
    unread: u64,
}
