//! Entity tags (RFC 9110, 8.8.3): a thing's version between quotes.

use atc_app::IfMatch;
use atc_core::{Error, ErrorCode};
use http::{HeaderMap, HeaderValue, header};

/// The entity tag of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// What `If-Match` says. A weak tag never matches here (RFC 9110, 13.1.1).
pub(crate) fn if_match(headers: &HeaderMap) -> Result<IfMatch, Error> {
    match tags(headers, &header::IF_MATCH)? {
        None => Ok(IfMatch::Unconditional),
        Some(tags) if tags == ["*"] => Ok(IfMatch::Any),
        Some(tags) => Ok(IfMatch::Versions(tags.iter().filter_map(|t| version(t)).collect())),
    }
}

/// Whether the client holds this version already, by `If-None-Match`; a weak tag serves here.
pub(crate) fn is_known(headers: &HeaderMap, present: i64) -> Result<bool, Error> {
    let Some(tags) = tags(headers, &header::IF_NONE_MATCH)? else { return Ok(false) };
    Ok(tags
        .iter()
        .any(|tag| tag == "*" || version(tag.strip_prefix("W/").unwrap_or(tag)) == Some(present)))
}

fn version(tag: &str) -> Option<i64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn tags(headers: &HeaderMap, name: &header::HeaderName) -> Result<Option<Vec<String>>, Error> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let text = readable(value).ok_or_else(|| {
            Error::new(ErrorCode::Malformed, format!("The header {name} cannot be read."))
        })?;
        tags.extend(text.split(',').map(|tag| tag.trim().to_owned()).filter(|t| !t.is_empty()));
    }
    Ok((!tags.is_empty()).then_some(tags))
}

fn readable(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn if_match_takes_lists_stars_and_nothing_weak() {
        let read = |v| if_match(&headers(header::IF_MATCH, v)).unwrap();
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), IfMatch::Unconditional);
        assert_eq!(read("*"), IfMatch::Any);
        assert_eq!(read("\"3\", \"4\""), IfMatch::Versions(vec![3, 4]));
        assert_eq!(read("W/\"3\", 4, \"x\""), IfMatch::Versions(vec![]));
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let known = |v| is_known(&headers(header::IF_NONE_MATCH, v), 3).unwrap();
        assert!(known("\"3\"") && known("W/\"3\"") && known("*") && known("\"1\",\"3\""));
        assert!(!known("\"4\"") && !known("3"));
    }
}
