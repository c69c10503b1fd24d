//! Language models of others.

use std::{sync::Arc, time::Duration};

use crate::{
    agent::{ApiKey, Provider},
    chat::{ChatAnswer, ChatError, ChatRequest},
    ports::{BoxFuture, EngineState},
};

/// Is told the words of an answer as they come.
pub type Deltas<'a> = &'a mut (dyn FnMut(&str) + Send);

/// One provider, at its address, with its key. Time-outs, retries that obey what the provider asks for, the
/// breaker, and the bound on calls at the same time are its own.
pub trait ChatModel: Send + Sync {
    /// Asks and waits for the whole answer, at most `within`. With `deltas`, the words are told as they come;
    /// once one was told, nothing is asked a second time. Dropping the future ends the call at the provider.
    ///
    /// # Errors
    /// When there is no answer in time.
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        within: Duration,
        deltas: Option<Deltas<'a>>,
    ) -> BoxFuture<'a, Result<ChatAnswer, ChatError>>;

    /// How the provider fares.
    fn status(&self) -> ProviderStatus;
}

/// How a provider fares, as seen by this process.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderStatus {
    /// Whether it answers; `Unavailable` while its breaker is open.
    pub state: EngineState,
    /// What went wrong last, for administrators.
    pub last_error: Option<String>,
    /// Calls since the start or the last reload.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Median milliseconds of the latest calls.
    pub p50_ms: f64,
    /// The 95th percentile of the latest calls, in milliseconds.
    pub p95_ms: f64,
}

/// Makes connections to providers.
pub trait ChatModels: Send + Sync {
    /// A connection to this provider. Nothing is asked yet.
    ///
    /// # Errors
    /// When its address cannot be one, or TLS cannot be set up.
    fn connect(
        &self,
        provider: &Provider,
        key: Option<ApiKey>,
    ) -> Result<Arc<dyn ChatModel>, ChatError>;
}
