//! `PUT /notifications/preferences`.

use axum::{Json, extract::State};

use super::preferences::PreferencesBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, permissions::ManageNotifications},
    problem::Result,
};

endpoint!(set_notification_preferences);

/// Choose which kinds of notifications one wants. Kinds that are left out stay as they are.
#[utoipa::path(
    put, path = "/notifications/preferences", tag = "Notifications",
    request_body = PreferencesBody,
    responses((status = 200, description = "Every kind.", body = PreferencesBody))
)]
async fn set_notification_preferences(
    Can { ctx, .. }: Can<ManageNotifications>,
    State(state): State<ApiState>,
    body: Body<PreferencesBody>,
) -> Result<Json<PreferencesBody>> {
    let changes = body.value.changes();
    let all = state.app.set_notification_preferences(&ctx, &changes).await?;
    Ok(Json(PreferencesBody::of(&all)))
}
