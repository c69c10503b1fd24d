//! One open socket: events out, nothing in, and its end.

use std::{sync::Arc, time::Duration};

use atc_app::{App, Connected, ConnectionPermit, Follower, Heard, Lost};
use atc_core::event::Viewer;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use chrono::{DateTime, Utc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use crate::wire::event_text;

/// How often a client is asked whether it is still there. One that has not said a word since is gone.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long a message may take to be written to a client.
const SLOW: Duration = Duration::from_secs(5);
/// How long a client may take to hear that the socket is closed, and to close it as well.
const CLOSING: Duration = Duration::from_secs(30);
/// The same when the server stops.
const STOPPING: Duration = Duration::from_secs(2);
/// The most messages of a client between two pings.
const MOST_MESSAGES: u32 = 200;
/// Longer than any credential: a sleep must have an end.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

/// Why a socket is closed by us.
#[derive(Debug, Clone, Copy)]
struct End(u16, &'static str);

const STOPPED: End = End(1001, "the server stops");
const TALKATIVE: End = End(1008, "too many messages");
const FAILED: End = End(1011, "something went wrong; connect again");
const TOO_SLOW: End = End(1013, "the client reads too slowly; connect again with after");
const REVOKED: End = End(4401, "the session has ended");

/// What belongs to a socket.
pub(super) struct Served {
    pub app: Arc<App>,
    pub connected: Connected,
    pub follower: Follower,
    /// Held until the socket is closed.
    pub permit: ConnectionPermit,
}

/// Serves a socket to its end.
pub(super) async fn serve(mut socket: WebSocket, mut served: Served) {
    metrics::gauge!("sockets_open").increment(1.0);
    let end = run(&mut socket, &mut served).await;
    if let Err(Some(End(code, reason))) = end {
        metrics::counter!("sockets_closed_total", "code" => code.to_string()).increment(1);
        let patience = if code == STOPPED.0 { STOPPING } else { CLOSING };
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let closing = async {
            if socket.send(Message::Close(Some(frame))).await.is_ok() {
                // Until the client closes it as well, so that it reads the frame first.
                while let Some(Ok(_)) = socket.recv().await {}
            }
        };
        // A client that does not is cut off.
        let _ = timeout(patience, closing).await;
    }
    metrics::gauge!("sockets_open").decrement(1.0);
    drop(served.permit);
}

/// Runs until the client has gone (`None`) or is to be told why it ends.
async fn run(socket: &mut WebSocket, served: &mut Served) -> Result<(), Option<End>> {
    let Served { app, connected, follower, .. } = served;
    let shutdown = app.shutdown_token().clone();
    let end = sleep(until(connected.ends_at, app.now()));
    tokio::pin!(end);
    let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut messages = 0;
    let mut is_there = true;
    // Between the look at the credential and the first listening it may have been revoked.
    look_again(app, connected, follower).await?;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return Err(Some(STOPPED)),
            () = &mut end => return Err(Some(REVOKED)),
            message = socket.recv() => {
                match message {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return Err(None),
                    Some(Ok(_)) => is_there = true,
                }
                messages += 1;
                if messages > MOST_MESSAGES {
                    return Err(Some(TALKATIVE));
                }
            }
            _ = ping.tick() => {
                if !is_there {
                    return Err(None);
                }
                (is_there, messages) = (false, 0);
                send(socket, Message::Ping(axum::body::Bytes::new())).await?;
            }
            heard = follower.next() => match heard {
                Ok(Heard::Events(events)) => for told in events {
                    send(socket, Message::text(&*event_text(&told))).await?;
                },
                Ok(Heard::AccessChanged) => look_again(app, connected, follower).await?,
                Err(Lost::Slow) => return Err(Some(TOO_SLOW)),
                Err(Lost::Ended) => return Err(Some(STOPPED)),
                Err(Lost::Failed(e)) => {
                    tracing::warn!(error = &e as &dyn std::error::Error, "a socket is closed");
                    return Err(Some(FAILED));
                }
            },
        }
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Option<End>> {
    match timeout(SLOW, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(TOO_SLOW)),
    }
}

/// Reads again whether the caller still may, and as whom.
async fn look_again(
    app: &App,
    connected: &mut Connected,
    follower: &mut Follower,
) -> Result<(), Option<End>> {
    match app.still_connected(&connected.caller).await {
        Ok(Some(caller)) => {
            follower.look_as(Viewer::of(&caller));
            connected.caller = caller;
            Ok(())
        }
        Ok(None) => Err(Some(REVOKED)),
        Err(e) => {
            tracing::warn!(error = &e as &dyn std::error::Error, "a socket is closed");
            Err(Some(FAILED))
        }
    }
}

/// How long a credential serves yet.
pub(crate) fn until(ends_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    ends_at.map_or(FOR_EVER, |at| (at - now).to_std().unwrap_or_default())
}
