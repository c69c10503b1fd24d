//! The one error type that use cases return, and the table of everything that can go wrong.

use std::borrow::Cow;

/// What a use case returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $slug:literal, $status:literal, $title:literal;)*) => {
        /// Every kind of failure a client can meet. The slug is stable: it ends the problem's `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])* $variant,)* }

        impl ErrorCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// The stable name of this code, as in `/problems/<slug>`.
            #[must_use]
            pub const fn slug(self) -> &'static str { match self { $(Self::$variant => $slug,)* } }

            /// The HTTP status that this code maps to.
            #[must_use]
            pub const fn status(self) -> u16 { match self { $(Self::$variant => $status,)* } }

            /// A short, constant summary of the kind of problem (RFC 9457 `title`).
            #[must_use]
            pub const fn title(self) -> &'static str { match self { $(Self::$variant => $title,)* } }

            /// One or two sentences for the documentation: when it happens and what to do.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

error_codes! {
    /// The body is not JSON (or not the announced encoding), or a header cannot be read. Mend the request's syntax.
    Malformed = "malformed-request", 400, "The request cannot be read";
    /// No credential came, or it is unknown, expired or revoked. Log in again, or refresh.
    Unauthenticated = "unauthenticated", 401, "Authentication is needed";
    /// The e-mail or the password is wrong; which of the two is never said.
    InvalidCredentials = "invalid-credentials", 401, "E-mail or password is wrong";
    /// The caller is known but may not do this. Ask an administrator, or use a token with the scope that is named.
    Forbidden = "forbidden", 403, "This caller may not do that";
    /// Accounts are made by administrators here (`REGISTRATION=closed`).
    RegistrationClosed = "registration-closed", 403, "Registration is closed";
    /// It does not exist, or this caller may not see it. The two look the same.
    NotFound = "not-found", 404, "Not found";
    /// The path exists, but not with this method; the `Allow` header lists those that do.
    MethodNotAllowed = "method-not-allowed", 405, "Method not allowed";
    /// The client took too long to send its request.
    RequestTimeout = "request-timeout", 408, "The request took too long to arrive";
    /// The change contradicts what is stored, such as a name that is taken or a category that is in use.
    Conflict = "conflict", 409, "Conflict with the present state";
    /// A ticket cannot go from its status to the one that was asked for.
    IllegalTransition = "illegal-transition", 409, "Illegal change of status";
    /// The last active administrator cannot be demoted or deactivated.
    LastAdmin = "last-admin", 409, "The last administrator must stay";
    /// `If-Match` does not hold: someone changed it since you read it. Read it again and repeat.
    PreconditionFailed = "precondition-failed", 412, "Changed since you read it";
    /// The body is larger than this call takes.
    PayloadTooLarge = "payload-too-large", 413, "The body is too large";
    /// The body must be of the media type that the call names, mostly `application/json`.
    UnsupportedMediaType = "unsupported-media-type", 415, "Unsupported media type";
    /// The part of the file that was asked for lies beyond its end; `Content-Range` says how long it is.
    RangeNotSatisfiable = "range-not-satisfiable", 416, "No such part";
    /// Well-formed, but not valid: `errors` lists every fault with its place.
    Invalid = "validation-failed", 422, "The request is not valid";
    /// This `Idempotency-Key` was used with another body. Use a new key for a new request.
    IdempotencyMismatch = "idempotency-key-reused", 422, "Idempotency key used with another request";
    /// Too many requests. `Retry-After` says when the next one is served.
    RateLimited = "rate-limited", 429, "Too many requests";
    /// The headers together are larger than this server takes.
    HeadersTooLarge = "headers-too-large", 431, "The headers are too large";
    /// A fault of ours. The `request_id` finds it in the log.
    Internal = "internal", 500, "Internal error";
    /// A part that this call needs is down or overloaded. Try again after `Retry-After`.
    Unavailable = "unavailable", 503, "A needed part is unavailable";
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.slug())
    }
}

/// Where in a request a fault stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A JSON Pointer (RFC 6901) into the body; empty for the body as a whole.
    Pointer(String),
    /// A query or path parameter, by name.
    Parameter(String),
    /// A header, by name.
    Header(&'static str),
}

/// One fault of a request: where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The place of the fault.
    pub location: Location,
    /// One sentence for the person who wrote the request.
    pub message: String,
}

impl FieldError {
    /// A fault in the body at a JSON Pointer such as `/title`.
    pub fn body(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { location: Location::Pointer(pointer.into()), message: message.into() }
    }

    /// A fault in the query or path parameter of that name.
    pub fn parameter(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { location: Location::Parameter(name.into()), message: message.into() }
    }
}

/// A failure as a client may see it. `source` is for the log alone.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Error {
    /// Which kind of failure.
    pub code: ErrorCode,
    /// What happened and what to do; safe to show to anyone.
    pub detail: Cow<'static, str>,
    /// All faults of the request, for [`ErrorCode::Invalid`].
    pub fields: Vec<FieldError>,
    /// Seconds after which a repeat makes sense.
    pub retry_after_s: Option<u64>,
    /// The cause, never shown to a client.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of the given kind with a detail that is safe to show.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), fields: Vec::new(), retry_after_s: None, source: None }
    }

    /// The thing does not exist or is not visible to this caller; `what` is a noun such as "ticket".
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}, or you may not see it."))
    }

    /// The caller is known but lacks the right.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Forbidden, detail)
    }

    /// A contradiction with what is stored.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Conflict, detail)
    }

    /// One or more faults of the request. `fields` must not be empty.
    #[must_use]
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let detail = match fields.as_slice() {
            [one] => one.message.clone(),
            many => format!("{} faults; `errors` lists each with its place.", many.len()),
        };
        Self { fields, ..Self::new(ErrorCode::Invalid, detail) }
    }

    /// A single fault in the body.
    pub fn invalid_body(pointer: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::body(pointer, message)])
    }

    /// A single fault in a parameter.
    pub fn invalid_parameter(name: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::parameter(name, message)])
    }

    /// A fault of ours: the client learns nothing but the request id.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(
                ErrorCode::Internal,
                "Something went wrong on our side. Give the request_id to the operator.",
            )
        }
    }

    /// A needed part is down; try again after `retry_after_s` seconds.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>, retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(ErrorCode::Unavailable, detail) }
    }

    /// The same error with its cause kept for the log.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// Collects the faults of a request, so that a client learns all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// An empty collection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault in the body.
    pub fn body(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::body(pointer, message));
    }

    /// Notes a fault in a parameter.
    pub fn parameter(&mut self, name: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::parameter(name, message));
    }

    /// Unwraps a parsed value, or notes why it is not legal.
    pub fn take<T, E: std::fmt::Display>(
        &mut self,
        pointer: &str,
        parsed: std::result::Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|e| self.body(pointer, e.to_string())).ok()
    }

    /// Unwraps a required value that was parsed, or notes that it is missing or not legal.
    pub fn require<T, E: std::fmt::Display>(
        &mut self,
        pointer: &str,
        parsed: Option<std::result::Result<T, E>>,
    ) -> Option<T> {
        if parsed.is_none() {
            self.body(pointer, "This field is required.");
        }
        self.take(pointer, parsed?)
    }

    /// Adds faults found elsewhere.
    pub fn extend(&mut self, others: impl IntoIterator<Item = FieldError>) {
        self.0.extend(others);
    }

    /// Whether nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends the collection: the value, where nothing was noted, else one error with all faults.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] with every fault.
    pub fn finish<T>(self, value: Option<T>) -> Result<T> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ if self.0.is_empty() => {
                Err(Error::internal("a value is missing although no fault was noted"))
            }
            _ => Err(Error::invalid(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_unique_slug_and_a_description() {
        let mut slugs: Vec<_> = ErrorCode::ALL.iter().map(|c| c.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(code.description().ends_with('.'), "{code} is described by a sentence");
            assert!((400..600).contains(&code.status()));
        }
    }

    #[test]
    fn the_cause_of_an_internal_error_is_not_in_its_text() {
        let e = Error::internal("SELECT secret FROM users");
        assert!(!e.to_string().contains("SELECT"));
    }
}
