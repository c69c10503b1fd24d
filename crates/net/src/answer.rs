//! What another server answers, read piece by piece.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::RETRY_AFTER;

use crate::CallError;

/// An answer whose head has come. Its body is read as far as wanted; dropping it ends the call.
#[derive(Debug)]
pub struct Answer(pub(crate) reqwest::Response);

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    /// When the server wants to be asked again: `retry-after-ms`, or else `retry-after`.
    pub fn retry_after(&self) -> Option<Duration> {
        let ms = self.header("retry-after-ms").and_then(|text| text.trim().parse::<f64>().ok());
        let exact = ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        exact.or_else(|| self.header(RETRY_AFTER.as_str()).and_then(wait))
    }

    /// The next piece of the body; `None` after the last.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, CallError> {
        self.0.chunk().await.map_err(|e| CallError::of(&e))
    }
}

/// What `Retry-After` says: seconds, or a moment (RFC 9110, section 10.2.3).
pub(crate) fn wait(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let moment = httpdate::parse_http_date(text.trim()).ok()?;
    #[expect(clippy::disallowed_methods, reason = "the other side counts from its own present")]
    let now = SystemTime::now();
    moment.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_every_form() {
        assert_eq!(wait(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(wait("0.5"), Some(Duration::from_millis(500)));
        assert!(wait("Fri, 01 Jan 2100 00:00:00 GMT") > Some(Duration::from_hours(1)));
        for none in ["", "soon", "-1", "NaN", "1e300", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert_eq!(wait(none), None, "{none}");
        }
    }
}
