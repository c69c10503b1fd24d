//! `/ws/…`: live updates over WebSockets.

mod caller;
mod origin;
mod serve;

use atc_core::event::{EventId, Topic, Viewer};
use axum::{extract::WebSocketUpgrade, response::Response};

pub(crate) use caller::SocketCaller;
pub(crate) use origin::is_allowed as is_allowed_origin;
pub(crate) use serve::until;

use crate::{
    ApiState,
    endpoint::Endpoint,
    extract::{FromParams, Params},
    problem::Result,
};

/// The most bytes of a message from a client; all of them are ignored.
const MOST_MESSAGE_BYTES: usize = 4096;

/// The sockets, which stand beside the versions of the API.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![tickets::endpoint(), files::endpoint(), notifications::endpoint()]
}

/// The parameters of a socket.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SocketParams {
    /// The id of the last event that was received: what came after it is sent first.
    #[param(value_type = Option<String>, nullable = false)]
    after: Option<EventId>,
    /// A ticket of `POST /auth/ws-ticket`, for browsers.
    #[param(nullable = false)]
    #[expect(dead_code, reason = "read before, with the credential; here it is described")]
    ticket: Option<String>,
}

impl FromParams for SocketParams {
    fn from_params(params: &mut Params) -> Self {
        Self { after: params.one("after"), ticket: params.one("ticket") }
    }
}

async fn open(
    state: &ApiState,
    connected: atc_app::Connected,
    upgrade: WebSocketUpgrade,
    topic: Topic,
    after: Option<EventId>,
) -> Result<Response> {
    let app = &state.app;
    let permit =
        app.open_connection(connected.caller.user_id, state.config.max_sockets_per_user)?;
    // Before the client hears that the socket is open: nothing after that is missed.
    let viewer = Viewer::of(&connected.caller);
    let follower = app.follow(viewer, vec![topic], after).await?;
    let socket = serve::Served { app: app.clone(), connected, follower, permit };
    let tasks = app.tasks().clone();
    Ok(upgrade
        .protocols(["bearer"])
        // The usual buffers are 128 KiB each: ten thousand idle sockets would take 1.3 GB.
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_message_size(MOST_MESSAGE_BYTES)
        .max_frame_size(MOST_MESSAGE_BYTES)
        .on_upgrade(move |stream| tasks.track_future(serve::serve(stream, socket))))
}

macro_rules! socket {
    ($module:ident, $handler:ident, $topic:ident, $permission:ident, $path:tt, $summary:tt) => {
        mod $module {
            use axum::{
                extract::{State, WebSocketUpgrade},
                response::Response,
            };

            use super::{SocketCaller, SocketParams, Topic, open};
            use crate::{
                ApiState,
                endpoint::endpoint,
                extract::{Query, permissions::$permission},
                problem::Result,
            };

            endpoint!($handler);

            #[doc = $summary]
            ///
            /// A WebSocket. The credential is a Bearer header, `?ticket=` of `POST /auth/ws-ticket`, or the
            /// sub-protocols `bearer` and the access token. Messages are events as `GET /api/v1/events`
            /// lists them. Closed with 1013 when the client reads too slowly, 4401 when the session ended
            /// or the role became less, 1001 when the server stops.
            #[utoipa::path(
                                get, path = $path, tag = "Live", params(SocketParams),
                                responses((status = 101, description = "The socket is open."))
                            )]
            async fn $handler(
                caller: SocketCaller<$permission>,
                State(state): State<ApiState>,
                Query(wanted): Query<SocketParams>,
                upgrade: WebSocketUpgrade,
            ) -> Result<Response> {
                open(&state, caller.connected, upgrade, Topic::$topic, wanted.after).await
            }
        }
    };
}

socket!(
    tickets,
    follow_tickets,
    Tickets,
    ReadTickets,
    "/ws/tickets",
    "Follow the tickets that one may see."
);
socket!(
    files,
    follow_files,
    Files,
    ReadFiles,
    "/ws/files",
    "Follow how the files are read that one may see."
);
socket!(
    notifications,
    follow_notifications,
    Notifications,
    ReadNotifications,
    "/ws/notifications",
    "Follow one's own notifications."
);
