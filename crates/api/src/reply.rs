//! Answers: single things, creations, lists.

use atc_core::{
    idempotency::{Outcome, StoredAnswer},
    page::Page,
};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    etag,
    extract::{Cursor, ListUri},
    problem::{Problem, Result},
};

/// Set on an answer that is given again.
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// One thing with its entity tag; 304 where the client holds it already.
pub(crate) fn one<T: Serialize>(body: &T, version: i64, request: &HeaderMap) -> Result<Response> {
    let tag = etag_value(version);
    if etag::is_known(request, version)? {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(([(header::ETAG, tag)], Json(body)).into_response())
}

/// One thing that was just changed, with its new entity tag.
pub(crate) fn changed<T: Serialize>(body: &T, version: i64) -> Response {
    ([(header::ETAG, etag_value(version))], Json(body)).into_response()
}

fn etag_value(version: i64) -> HeaderValue {
    HeaderValue::from_str(&etag::etag(version)).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The answer to a creation, in the form in which it can be kept and given again.
pub(crate) fn created<T: Serialize>(
    body: &T,
    location: Option<String>,
    version: Option<i64>,
) -> StoredAnswer {
    let mut headers = vec![(header::CONTENT_TYPE.to_string(), "application/json".to_owned())];
    if let Some(location) = location {
        headers.push((header::LOCATION.to_string(), location));
    }
    if let Some(version) = version {
        headers.push((header::ETAG.to_string(), etag::etag(version)));
    }
    // Our bodies are structs of plain values, which always serialise.
    let body = serde_json::to_vec(body).unwrap_or_default();
    StoredAnswer { status: StatusCode::CREATED.as_u16(), headers, body }
}

/// Answers a creation: as rendered now, or as it was answered the first time.
pub(crate) fn outcome<T>(
    outcome: Outcome<T>,
    render: impl FnOnce(&T) -> StoredAnswer,
) -> Result<Response> {
    match outcome {
        Outcome::Created(thing) => answer(render(&thing)),
        Outcome::Replayed(stored) => {
            let mut response = answer(stored)?;
            response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
    }
}

fn answer(stored: StoredAnswer) -> Result<Response> {
    let unreadable = |e: http::Error| Problem::from(atc_core::Error::internal(e));
    let mut builder = Response::builder().status(stored.status);
    for (name, value) in &stored.headers {
        builder = builder.header(name, value);
    }
    builder.body(stored.body.into()).map_err(unreadable)
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageBody<T> {
    /// The rows.
    items: Vec<T>,
    /// Where the next page begins; `null` at the end.
    next_cursor: Option<String>,
    /// All matching rows, where `include_total=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total: Option<u64>,
}

/// Answers a page, with the link to the next one in the body and in `Link` (RFC 8288).
pub(crate) fn page<T, P, B>(
    page: Page<T, P>,
    uri: &ListUri,
    to_cursor: impl FnOnce(&P) -> Cursor,
    to_body: impl FnMut(T) -> B,
) -> Response
where
    B: Serialize,
{
    let next_cursor = page.next.as_ref().map(|position| to_cursor(position).encode(uri));
    let mut headers = HeaderMap::new();
    if let Some(cursor) = &next_cursor
        && let Ok(link) = HeaderValue::from_str(&uri.next_link(cursor))
    {
        headers.insert(header::LINK, link);
    }
    let items = page.items.into_iter().map(to_body).collect();
    (headers, Json(PageBody { items, next_cursor, total: page.total })).into_response()
}

/// A list that is never long, given whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemsBody<T> {
    /// The rows.
    pub items: Vec<T>,
}
