//! Connections to providers.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use atc_core::{
    agent::{ApiKey, Provider, ProviderKind},
    chat::{ChatError, ChatErrorKind},
    ports::{ChatModel, ChatModels},
};
use atc_net::{Direct, SetUpError};

use crate::{attempt::Endpoint, breaker::Rests, model::Model};

/// How far a provider is trusted.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The most bytes of an answer; eight times as many of a stream, which wraps each word.
    pub answer_bytes: usize,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// When a provider that fails is left alone.
    pub rests: Rests,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            answer_bytes: 1024 * 1024,
            connect_timeout: Duration::from_secs(5),
            rests: Rests::default(),
        }
    }
}

/// Makes connections to providers over HTTP.
#[derive(Debug, Default)]
pub struct Providers {
    bounds: Bounds,
    /// Made with the first connection, as reading the certificates of authorities takes a while.
    client: OnceLock<Direct>,
}

impl Providers {
    /// With these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, client: OnceLock::new() }
    }

    fn client(&self) -> Result<Direct, SetUpError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = Direct::new(self.bounds.connect_timeout)?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

impl ChatModels for Providers {
    fn connect(
        &self,
        provider: &Provider,
        key: Option<ApiKey>,
    ) -> Result<Arc<dyn ChatModel>, ChatError> {
        let wrong = |why: String| {
            let name = &provider.name;
            ChatError::new(ChatErrorKind::BadRequest, format!("The provider {name}: {why}."))
        };
        let (vendor, path) = match provider.kind {
            ProviderKind::OpenAi => (Some("https://api.openai.com/v1"), "chat/completions"),
            ProviderKind::Anthropic => (Some("https://api.anthropic.com/v1"), "messages"),
            ProviderKind::Compatible => (None, "chat/completions"),
        };
        let base = provider.base_url.as_deref().or(vendor);
        let base = base.ok_or_else(|| wrong("it needs a base URL".to_owned()))?;
        let url = Direct::address(&format!("{}/{path}", base.trim_end_matches('/')))
            .map_err(|e| wrong(format!("its base URL is wrong: {e}")))?;
        let client = self.client().map_err(|e| wrong(e.to_string()))?;
        let answer_bytes = self.bounds.answer_bytes;
        let key = key.or_else(|| provider.key.clone());
        let endpoint = Endpoint { client, url, kind: provider.kind, key, answer_bytes };
        Ok(Arc::new(Model::new(provider, endpoint, self.bounds.rests)))
    }
}
