//! `GET /files/{id}/content`.

use std::ops::Range;

use atc_core::{
    Error, ErrorCode,
    file::{ContentType, File, FileId, FileName},
    ports::BlobReader,
};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_range_header::{EndPosition, StartPosition, parse_range_header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use utoipa::IntoParams;

use super::{link::read_as, uploads::address};
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, FromParams, Id, Params, Query, permissions::ReadFiles},
    problem::{Problem, Result},
};

/// What stands for itself in an extended parameter (RFC 8187, `attr-char`).
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Types that a browser may run; they are sent as bytes of which nothing is said.
const ACTIVE: [&str; 8] = ["html", "svg", "xml", "javascript", "ecmascript", "css", "pdf", "flash"];

endpoint!(get_file_content);

/// Download a file: the same bytes that were uploaded.
///
/// `Range` asks for a part of them.
#[utoipa::path(
    get, path = "/files/{id}/content", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The file."), ContentParams),
    responses(
        (status = 200, description = "The bytes.", content_type = "*/*"),
        (
            status = 206, description = "The part that was asked for.",
            content_type = "*/*"
        ),
        (status = 307, description = "With `redirect=true`: where the bytes are."),
        (
            status = 416, description = "No such part", body = crate::problem::ProblemBody,
            content_type = "application/problem+json"
        )
    )
)]
async fn get_file_content(
    Can { ctx, .. }: Can<ReadFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
    Query(wanted): Query<ContentParams>,
    headers: HeaderMap,
) -> Result<Response> {
    let file = state.app.find_file(&ctx, id).await?;
    if wanted.redirect == Some(true) {
        let link = state.app.link_file(&ctx, &file, read_as(&file)).await?;
        return Ok(Redirect::temporary(&address(&link.target, "links")).into_response());
    }
    send(&state, &file, &headers).await
}

/// How a file is downloaded.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct ContentParams {
    /// Whether to be sent on to an address of the file store, where there is one: see `GET /files/{id}/link`.
    #[param(nullable = false)]
    redirect: Option<bool>,
}

impl FromParams for ContentParams {
    fn from_params(params: &mut Params) -> Self {
        Self { redirect: params.one("redirect") }
    }
}

/// Sends the bytes of a file, or the part of them that was asked for.
pub(super) async fn send(state: &ApiState, file: &File, headers: &HeaderMap) -> Result<Response> {
    let etag = format!("\"{}\"", file.sha256);
    if lists(headers, &header::IF_NONE_MATCH, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    // A part of another state of the file would be of no use (RFC 9110, 13.1.5).
    let unchanged =
        !headers.contains_key(header::IF_RANGE) || lists(headers, &header::IF_RANGE, &etag);
    let part = if unchanged { wanted_part(headers, file.size) } else { Part::Whole };
    let (status, range) = match part {
        Part::Whole => (StatusCode::OK, None),
        Part::Range(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
        Part::Beyond => return Ok(beyond(file.size)),
    };
    let content = state.app.open_file(file, range.clone()).await?;
    let mut response = (status, Body::from_stream(bytes_of(content.bytes))).into_response();
    let length = range.as_ref().map_or(file.size, |r| r.end - r.start);
    describe(response.headers_mut(), file, &etag, length);
    if let Some(range) = range {
        let place = format!("bytes {}-{}/{}", range.start, range.end - 1, file.size);
        response.headers_mut().insert(header::CONTENT_RANGE, text(place));
    }
    Ok(response)
}

fn describe(headers: &mut HeaderMap, file: &File, etag: &str, length: u64) {
    let facts = [
        (header::CONTENT_TYPE, text(harmless(&file.content_type))),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
        (header::CONTENT_DISPOSITION, text(disposition(&file.filename))),
        (header::ETAG, text(etag.to_owned())),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"),
        ),
    ];
    headers.extend(facts.map(|(name, value)| (Some(name), value)));
}

fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(""))
}

pub(super) fn harmless(content_type: &ContentType) -> String {
    let active = ACTIVE.iter().any(|word| content_type.as_str().contains(word));
    if active { ContentType::unknown().to_string() } else { content_type.to_string() }
}

/// The header by which a browser saves a file instead of showing it (RFC 6266).
pub(super) fn disposition(name: &FileName) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ';
    let ascii: String = name.as_str().chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let exact = utf8_percent_encode(name.as_str(), ATTR_CHAR);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{exact}")
}

/// Whether a header lists this entity tag, or all of them.
fn lists(headers: &HeaderMap, name: &header::HeaderName, etag: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Which bytes are wanted.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Range(Range<u64>),
    Beyond,
}

/// What `Range` says. One that cannot be read counts as none (RFC 9110, 14.2), and so do several parts,
/// which nobody needs to continue a download.
fn wanted_part(headers: &HeaderMap, size: u64) -> Part {
    let Some(value) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Part::Whole;
    };
    let Ok(parsed) = parse_range_header(value) else { return Part::Whole };
    let [range] = parsed.ranges.as_slice() else { return Part::Whole };
    let last = match range.end {
        EndPosition::Index(last) => last,
        EndPosition::LastByte => u64::MAX,
    };
    let first = match range.start {
        StartPosition::Index(first) => first,
        StartPosition::FromLast(length) => size.saturating_sub(length),
    };
    if first > last {
        Part::Whole
    } else if first >= size {
        Part::Beyond
    } else {
        Part::Range(first..last.saturating_add(1).min(size))
    }
}

fn beyond(size: u64) -> Response {
    let detail = format!("The file has {size} bytes.");
    let problem = Problem::from(Error::new(ErrorCode::RangeNotSatisfiable, detail));
    let mut response = problem.into_response();
    response.headers_mut().insert(header::CONTENT_RANGE, text(format!("bytes */{size}")));
    response
}

fn bytes_of(
    reader: Box<dyn BlobReader>,
) -> impl futures::Stream<Item = Result<Bytes, atc_core::ports::BlobError>> + Send {
    stream::unfold(reader, async |mut reader| {
        let next = reader.next().await?;
        Some((next.map(Bytes::from), reader))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str, size: u64) -> Part {
        let value = HeaderValue::from_str(range).unwrap();
        wanted_part(&HeaderMap::from_iter([(header::RANGE, value)]), size)
    }

    #[test]
    fn a_range_is_one_part_that_is_there() {
        assert_eq!(part("bytes=0-3", 10), Part::Range(0..4));
        assert_eq!(part("bytes=4-", 10), Part::Range(4..10));
        assert_eq!(part("bytes=-3", 10), Part::Range(7..10));
        assert_eq!(part("bytes=4-99", 10), Part::Range(4..10));
        assert_eq!(part("bytes=-99", 10), Part::Range(0..10));
        assert_eq!(part("bytes=10-", 10), Part::Beyond);
        assert_eq!(part("bytes=0-", 0), Part::Beyond);
        for whole in ["bytes=5-2", "bytes=a-b", "items=0-1", "bytes=", "bytes=0-1,3-4", "x"] {
            assert_eq!(part(whole, 10), Part::Whole, "{whole}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        let name = FileName::label("Rechnung \"März\"\r\nX: 1; 50%.pdf");
        assert_eq!(
            disposition(&name),
            "attachment; filename=\"Rechnung _M_rz_X: 1; 50_.pdf\"; \
             filename*=UTF-8''Rechnung%20%22M%C3%A4rz%22X%3A%201%3B%2050%25.pdf"
        );
    }
}
