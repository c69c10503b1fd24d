//! `GET /notifications`.

use atc_app::NotificationPosition;
use axum::{extract::State, response::Response};
use utoipa::IntoParams;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{
        Can, Cursor, FromParams, ListUri, PageParams, Params, Query, permissions::ReadNotifications,
    },
    problem::Result,
    reply::{self, PageBody},
    wire::NotificationBody,
};

endpoint!(list_notifications);

/// List one's own notifications, newest first.
#[utoipa::path(
    get, path = "/notifications", tag = "Notifications", params(UnreadParam, PageParams),
    responses((status = 200, description = "A page of notifications.",
        body = PageBody<NotificationBody>))
)]
async fn list_notifications(
    Can { ctx, .. }: Can<ReadNotifications>,
    State(state): State<ApiState>,
    uri: ListUri,
    Query(wanted): Query<ListParams>,
) -> Result<Response> {
    let request = wanted.turn.request(&uri, Some::<NotificationPosition>)?;
    let page = state.app.list_notifications(&ctx, wanted.unread, request).await?;
    let cursor = |p: &NotificationPosition| Cursor::at(p);
    Ok(reply::page(page, &uri, cursor, |n| NotificationBody::from(&n)))
}

struct ListParams {
    unread: bool,
    turn: PageParams,
}

impl FromParams for ListParams {
    fn from_params(params: &mut Params) -> Self {
        let unread = params.one("unread").unwrap_or(false);
        Self { unread, turn: PageParams::from_params(params) }
    }
}

/// Which notifications.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter for the document")]
struct UnreadParam {
    /// Only those that were not marked as read.
    #[param(default = false, required = false, example = true)]
    unread: bool,
}
