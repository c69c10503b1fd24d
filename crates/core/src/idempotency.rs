//! `Idempotency-Key`: the same request made twice has one effect.

use crate::id::UserId;

/// A client's name for one request of its own, in force for 24 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is; `None` for callers without an account.
    pub caller: Option<UserId>,
    /// The text of the header: 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 over method, path, query and body, by which another request is told apart.
    pub fingerprint: [u8; 32],
}

/// A finished answer, kept so that it can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers that belong to it, such as `Location`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// How a creation is remembered: the key, and how its result is written down. The answer is stored
/// in the transaction that creates, so that neither exists without the other.
pub struct Remember<'a, T> {
    /// The client's key.
    pub key: IdempotencyKey,
    /// Renders the answer that the client gets, now and again.
    pub render: Box<dyn Fn(&T) -> StoredAnswer + Send + Sync + 'a>,
}

/// What came of a creation.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It happened now.
    Created(T),
    /// It had happened before; this was the answer.
    Replayed(StoredAnswer),
}
