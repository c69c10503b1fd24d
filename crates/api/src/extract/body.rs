//! JSON bodies: media type, size, syntax and every fault at once.

use atc_core::{Error, ErrorCode, FieldError, error::Faults, patch::Patch};
use aws_lc_rs::digest;
use axum::extract::{FromRequest, Request};
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::strict_json;
use crate::{
    ApiState,
    layer::{TooSlow, is_caused_by},
    problem::Problem,
};

/// More faults than this are not worth reading.
const MAX_FAULTS: usize = 50;

/// A JSON body that has been read into `T`. Bounds that `T` itself does not keep are checked where it
/// becomes input of a use case.
pub(crate) struct Body<T, const BATCH: bool = false> {
    pub value: T,
    /// SHA-256 of the bytes, by which a repeated request is known.
    pub digest: [u8; 32],
}

impl<T: DeserializeOwned, const BATCH: bool> FromRequest<ApiState> for Body<T, BATCH> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        check_media_type(&request)?;
        let limit =
            if BATCH { state.config.max_batch_body_bytes } else { state.config.max_body_bytes };
        let bytes = collect(request, limit).await?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest::digest(&digest::SHA256, &bytes).as_ref());
        let value = strict_json::parse(&bytes).map_err(|e| {
            Error::new(ErrorCode::Malformed, format!("The body is not JSON as it should be: {e}."))
        })?;
        let nul = strict_json::nul_faults(&value);
        if !nul.is_empty() {
            return Err(Error::invalid(nul).into());
        }
        Ok(Self { value: read(value)?, digest: sha256 })
    }
}

fn check_media_type(request: &Request) -> Result<(), Error> {
    let essence = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .map(|v| v.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some(mime) if mime == "application/json" || mime.ends_with("+json") => Ok(()),
        _ => Err(Error::new(
            ErrorCode::UnsupportedMediaType,
            "Send JSON, with the header Content-Type: application/json.",
        )),
    }
}

async fn collect(request: Request, limit: usize) -> Result<bytes::Bytes, Error> {
    let too_large = || {
        let detail = format!("The body is larger than the {limit} bytes that this call takes.");
        Error::new(ErrorCode::PayloadTooLarge, detail)
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(e) if is_caused_by::<LengthLimitError>(&*e) => Err(too_large()),
        Err(e) if is_caused_by::<TooSlow>(&*e) => Err(Error::new(
            ErrorCode::RequestTimeout,
            "The body took too long to arrive; send it again.",
        )),
        Err(e) => {
            let detail = "The body ended before it was complete.";
            Err(Error::new(ErrorCode::Malformed, detail).with_source(e))
        }
    }
}

/// Reads a value into `T`, going on after a fault: the offending member is taken out and the rest is
/// read again, so that a client learns of all its faults at once.
fn read<T: DeserializeOwned>(mut value: Value) -> Result<T, Error> {
    let mut faults: Vec<FieldError> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) if faults.is_empty() => return Ok(read),
            Ok(_) => return Err(Error::invalid(faults)),
            Err(error) => error,
        };
        let path: Vec<String> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Seq { index } => Some(index.to_string()),
                Segment::Map { key } => Some(key.clone()),
                Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect();
        let pointer =
            path.iter().fold(String::new(), |at, key| at + "/" + &strict_json::escape(key));
        faults.push(FieldError::body(pointer, message(error.inner())));
        if faults.len() >= MAX_FAULTS || !remove(&mut value, &path) {
            return Err(Error::invalid(faults));
        }
    }
}

/// Takes the member at this path out. `false` when there is none.
fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let parent = parents.iter().try_fold(&mut *value, |at, key| match at {
        Value::Object(members) => members.get_mut(key),
        Value::Array(items) => key.parse::<usize>().ok().and_then(|i| items.get_mut(i)),
        _ => None,
    });
    match parent {
        Some(Value::Object(members)) => members.remove(last).is_some(),
        // An item that is taken out would move the others; its whole list goes instead.
        Some(Value::Array(_)) => remove(value, parents),
        _ => false,
    }
}

/// What serde says, as a sentence.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("unknown field") {
        let known = text.split_once("expected ").map_or("", |(_, known)| known).replace('`', "");
        return format!("There is no such field; there is {}.", known.replace("one of ", ""));
    }
    let mut sentence: String = text.replace('`', "");
    if let Some(first) = sentence.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

/// For fields where `null` says something else than absence: use with
/// `#[serde(default, deserialize_with = "double_option")]`.
#[expect(clippy::option_option, reason = "absent, null, or a value")]
pub(crate) fn double_option<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// For fields that may be absent but not `null`: use with
/// `#[serde(default, deserialize_with = "not_null")]`.
pub(crate) fn not_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// What a field read with [`double_option`] asks for.
#[expect(clippy::option_option, reason = "absent, null, or a value")]
pub(crate) fn patch_of<T, U>(given: Option<Option<T>>, to: impl FnOnce(T) -> U) -> Patch<U> {
    given.map_or(Patch::Keep, |value| Patch::from(value.map(to)))
}

/// The list with each of its values once, where it stood first.
pub(crate) fn distinct<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

/// Takes each text of a list, noting faults at its place.
pub(crate) fn each<T, E: std::fmt::Display>(
    faults: &mut Faults,
    pointer: &str,
    texts: Vec<String>,
    max: usize,
    parse: impl Fn(String) -> Result<T, E>,
) -> Option<Vec<T>> {
    if texts.len() > max {
        faults.body(pointer, format!("At most {max} are allowed; these are {}.", texts.len()));
        return None;
    }
    let mut parsed = Vec::with_capacity(texts.len());
    for (i, text) in texts.into_iter().enumerate() {
        parsed.push(faults.take(&format!("{pointer}/{i}"), parse(text))?);
    }
    Some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by serde alone")]
    struct Wanted {
        title: Option<String>,
        count: Option<u32>,
        #[serde(default)]
        tags: Vec<String>,
    }

    fn faults(value: Value) -> Vec<(String, String)> {
        let fields = read::<Wanted>(value).unwrap_err().fields;
        fields
            .into_iter()
            .map(|f| match f.location {
                atc_core::Location::Pointer(p) => (p, f.message),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let found = faults(json!({"title": 5, "count": -1, "tags": ["a", 1], "x/y": 1}));
        let mut places: Vec<_> = found.iter().map(|(p, _)| p.as_str()).collect();
        places.sort_unstable();
        assert_eq!(places, ["/count", "/tags/1", "/title", "/x~1y"]);
        let unknown = &found.iter().find(|(p, _)| p == "/x~1y").unwrap().1;
        assert_eq!(unknown, "There is no such field; there is title, count, tags.");
    }

    #[test]
    fn a_body_that_is_no_object_is_one_fault() {
        for other in [json!([]), json!("x"), json!(null), json!(1)] {
            let found = faults(other);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].0, "");
        }
    }
}
