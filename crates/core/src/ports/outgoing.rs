//! Calls to addresses that people gave.

use std::time::Duration;

use crate::ports::BoxFuture;

/// A body to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingPost {
    /// Where to: an address that [`Outgoing::check`] let pass.
    pub url: String,
    /// Names in lower case, and what they say.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// What the other side answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingAnswer {
    /// The status code, 100 to 999.
    pub status: u16,
    /// How its text begins.
    pub text: String,
    /// Before when it does not want to be asked again.
    pub retry_after: Option<Duration>,
}

/// What stands at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingPage {
    /// The status code, 100 to 999.
    pub status: u16,
    /// Its whole text.
    pub text: String,
    /// For how long it says that it stays the same.
    pub fresh_for: Option<Duration>,
}

/// Why there is no answer. The texts are for administrators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// The address is one that this installation does not call.
    #[error("{0}")]
    Refused(String),
    /// Nobody answered, or what came was no answer.
    #[error("{0}")]
    Unreachable(String),
    /// It took too long.
    #[error("There was no answer within {} s.", .0.as_secs())]
    TimedOut(Duration),
}

/// Calls addresses that people gave, and no other machine than they may name.
pub trait Outgoing: Send + Sync {
    /// Whether an address may be called, as far as can be said without asking for its name.
    ///
    /// # Errors
    /// [`OutgoingError::Refused`], with what to do.
    fn check(&self, url: &str) -> Result<(), OutgoingError>;

    /// Sends a body and reads the beginning of the answer. Redirects are not followed.
    fn post(&self, post: OutgoingPost) -> BoxFuture<'_, Result<OutgoingAnswer, OutgoingError>>;

    /// Reads the JSON that stands at an address, of at most so many bytes. Redirects are not followed.
    fn get(
        &self,
        url: String,
        most_bytes: usize,
    ) -> BoxFuture<'_, Result<OutgoingPage, OutgoingError>>;
}
