//! `GET /notifications/preferences`.

use atc_core::notification::NotificationKind;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, not_null, permissions::ReadNotifications},
    problem::Result,
};

endpoint!(get_notification_preferences);

/// Which kinds of notifications one wants.
#[utoipa::path(
    get, path = "/notifications/preferences", tag = "Notifications",
    responses((status = 200, description = "Every kind.", body = PreferencesBody))
)]
async fn get_notification_preferences(
    Can { ctx, .. }: Can<ReadNotifications>,
    State(state): State<ApiState>,
) -> Result<Json<PreferencesBody>> {
    Ok(Json(PreferencesBody::of(&state.app.notification_preferences(&ctx).await?)))
}

/// Which kinds of notifications a person wants; kinds that a change leaves out stay as they are.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NotificationPreferences, example = json!({
    "assigned": true, "commented": false, "mentioned": true, "status_changed": true,
    "file_failed": true, "webhook_disabled": true
}))]
pub(super) struct PreferencesBody {
    /// A ticket was assigned to them.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    assigned: Option<bool>,
    /// Somebody commented on a ticket that they requested or work on.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    commented: Option<bool>,
    /// Somebody named them in a comment.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    mentioned: Option<bool>,
    /// The status of a ticket that they requested or work on changed.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    status_changed: Option<bool>,
    /// A file that they uploaded could not be read.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    file_failed: Option<bool>,
    /// Another system is not told any more what happens: administrators.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    webhook_disabled: Option<bool>,
    /// A tool of another system is not offered to agents any more: administrators.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    tool_suspended: Option<bool>,
}

impl PreferencesBody {
    pub fn of(preferences: &[(NotificationKind, bool)]) -> Self {
        let mut body = Self::default();
        for (kind, enabled) in preferences {
            *body.field(*kind) = Some(*enabled);
        }
        body
    }

    /// What is said of each kind.
    pub fn changes(mut self) -> Vec<(NotificationKind, bool)> {
        let kinds = NotificationKind::ALL.into_iter();
        kinds.filter_map(|kind| Some((kind, (*self.field(kind))?))).collect()
    }

    fn field(&mut self, kind: NotificationKind) -> &mut Option<bool> {
        match kind {
            NotificationKind::Assigned => &mut self.assigned,
            NotificationKind::Commented => &mut self.commented,
            NotificationKind::Mentioned => &mut self.mentioned,
            NotificationKind::StatusChanged => &mut self.status_changed,
            NotificationKind::FileFailed => &mut self.file_failed,
            NotificationKind::WebhookDisabled => &mut self.webhook_disabled,
            NotificationKind::ToolSuspended => &mut self.tool_suspended,
        }
    }
}
