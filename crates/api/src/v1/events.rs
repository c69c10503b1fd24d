//! `GET /events`: the event log as a list, or as a stream.

mod stream;

use atc_core::{
    Error, FieldError, Location,
    event::{EventId, Viewer},
    page::Limit,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, FromParams, Params, Query, permissions::ReadTickets},
    layer::bearer,
    problem::Result,
    wire::EventBody,
};

endpoint!(list_log);

/// What happened, oldest first, of everything that the caller may see.
///
/// Events are kept for 24 hours. `after` is the id of the last event that was received; the answer begins
/// with the one after it or, where that is forgotten, with the oldest that is kept. Without `after` the
/// list begins with the oldest, and a stream with what happens from now on. With
/// `Accept: text/event-stream` the answer is a stream of Server-Sent Events that goes on: `id` is the
/// event's id, `event` its type, `data` the event; `Last-Event-ID` is honoured before `after`.
#[utoipa::path(
    get, path = "/events", tag = "Live", params(EventParams),
    responses((status = 200, description = "Events.", content(
        (EventsBody = "application/json"), (String = "text/event-stream")
    )))
)]
async fn list_log(
    Can { ctx, .. }: Can<ReadTickets>,
    State(state): State<ApiState>,
    Query(wanted): Query<EventParams>,
    headers: HeaderMap,
) -> Result<Response> {
    let topics = state.app.topics_of(&ctx);
    let after = last_event_id(&headers)?.or(wanted.after);
    if accepts_stream(&headers) {
        // The credential was read already; here it says until when it serves.
        let connected = match bearer(&headers) {
            Some(token) => state.app.connect(token).await?,
            None => return Err(Error::internal("a caller without a credential").into()),
        };
        return stream::open(&state, connected, topics, after).await;
    }
    let limit = wanted.limit.get();
    let viewer = Viewer::of(&ctx.caller);
    let (told, position) = state.app.events_after(viewer, topics, after, limit).await?;
    let full = told.len() as u64 == limit;
    let position = position.to_string();
    Ok(Json(EventsBody {
        items: told.iter().map(EventBody::from).collect(),
        next_cursor: full.then(|| position.clone()),
        position,
    })
    .into_response())
}

/// Whether the client asks for a stream of events.
pub(super) fn accepts_stream(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).any(|range| {
        range.split(';').next().is_some_and(|m| m.trim().eq_ignore_ascii_case("text/event-stream"))
    })
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<EventId>> {
    let Some(value) = headers.get("last-event-id").filter(|v| !v.is_empty()) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    let wrong = || {
        let message = atc_core::event::NotAnEventId.to_string();
        Error::invalid(vec![FieldError { location: Location::Header("Last-Event-ID"), message }])
    };
    Ok(Some(id.ok_or_else(wrong)?))
}

/// Which events are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct EventParams {
    /// The id of the last event that was received.
    #[param(value_type = Option<String>, nullable = false)]
    after: Option<EventId>,
    /// How many events a list has at most.
    #[param(value_type = u64, minimum = 1, maximum = 100, default = 20, required = false, example = 20)]
    limit: Limit,
}

impl FromParams for EventParams {
    fn from_params(params: &mut Params) -> Self {
        let rows = params.one("limit").unwrap_or(Limit::default().get());
        let limit = Limit::new(rows).unwrap_or_else(|| {
            params.fault("limit", "A page has 1 to 100 rows.");
            Limit::default()
        });
        Self { after: params.one("after"), limit }
    }
}

/// A part of the event log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Events, example = json!({
    "items": [], "next_cursor": null, "position": "00000000000002f10000000000000007"
}))]
struct EventsBody {
    /// The events.
    items: Vec<EventBody>,
    /// What to send as `after` for the next part; `null` where no more stands there now.
    next_cursor: Option<String>,
    /// What to send as `after` some time later.
    position: String,
}
