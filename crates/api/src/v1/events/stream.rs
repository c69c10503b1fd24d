//! The event log as Server-Sent Events.

use std::{collections::VecDeque, convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use atc_app::{App, Connected, ConnectionPermit, Follower, Heard, Told};
use atc_core::event::{EventId, Topic, Viewer};
use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures::stream;
use tokio::time::{Sleep, sleep};

use crate::{ApiState, problem::Result, wire::event_text, ws::until};

/// How often a comment is sent, so that nothing between us and the client thinks it is dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

struct Streamed {
    app: Arc<App>,
    connected: Connected,
    follower: Follower,
    waiting: VecDeque<Arc<Told>>,
    end: Pin<Box<Sleep>>,
    _permit: ConnectionPermit,
}

/// Answers with a stream that ends when the credential does, or the server, or when the client reads too
/// slowly; clients connect again by themselves and name the last event.
pub(super) async fn open(
    state: &ApiState,
    connected: Connected,
    topics: Vec<Topic>,
    after: Option<EventId>,
) -> Result<Response> {
    let app = Arc::clone(&state.app);
    let permit =
        app.open_connection(connected.caller.user_id, state.config.max_sockets_per_user)?;
    let follower = app.follow(Viewer::of(&connected.caller), topics, after).await?;
    let end = Box::pin(sleep(until(connected.ends_at, app.now())));
    let waiting = VecDeque::new();
    let streamed = Streamed { app, connected, follower, waiting, end, _permit: permit };
    let events = stream::unfold(streamed, |mut streamed| async move {
        let told = streamed.next().await?;
        let event = Event::default()
            .id(told.event.id.to_string())
            .event(told.event.kind.as_str())
            .data(&*event_text(&told));
        Some((Ok::<_, Infallible>(event), streamed))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

impl Streamed {
    /// The next event; `None` when the stream ends.
    async fn next(&mut self) -> Option<Arc<Told>> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Some(told);
            }
            let heard = tokio::select! {
                () = self.app.shutdown_token().cancelled() => return None,
                () = &mut self.end => return None,
                heard = self.follower.next() => heard.ok()?,
            };
            match heard {
                Heard::Events(told) => self.waiting.extend(told),
                Heard::AccessChanged => {
                    let caller = self.app.still_connected(&self.connected.caller).await.ok()??;
                    self.follower.look_as(Viewer::of(&caller));
                    self.connected.caller = caller;
                }
            }
        }
    }
}
