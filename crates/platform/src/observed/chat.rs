//! Language models of others, watched.

use std::{sync::Arc, time::Duration};

use atc_core::{
    agent::{ApiKey, Provider},
    chat::{ChatAnswer, ChatError, ChatRequest, Usage},
    ports::{BoxFuture, ChatModel, ChatModels, Deltas, ProviderStatus},
};

use super::{ModelCall, model_call};

/// Makes connections whose calls are watched.
pub struct ObservedChats<M> {
    inner: M,
}

impl<M: ChatModels> ObservedChats<M> {
    /// Watches what these connections are asked.
    pub fn new(inner: M) -> Self {
        Self { inner }
    }
}

impl<M: ChatModels> ChatModels for ObservedChats<M> {
    fn connect(
        &self,
        provider: &Provider,
        key: Option<ApiKey>,
    ) -> Result<Arc<dyn ChatModel>, ChatError> {
        let inner = self.inner.connect(provider, key)?;
        Ok(Arc::new(Observed { inner, provider: provider.name.as_str().to_owned() }))
    }
}

struct Observed {
    inner: Arc<dyn ChatModel>,
    provider: String,
}

impl ChatModel for Observed {
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        within: Duration,
        deltas: Option<Deltas<'a>>,
    ) -> BoxFuture<'a, Result<ChatAnswer, ChatError>> {
        Box::pin(async move {
            let (provider, model) = (self.provider.as_str(), request.model.as_str());
            let call = ModelCall { provider, model, operation: "chat" };
            let asked = self.inner.chat(request, within, deltas);
            let answer = model_call(call, asked, |e| e.kind.as_str()).await?;
            count_tokens(call, answer.usage);
            Ok(answer)
        })
    }

    fn status(&self) -> ProviderStatus {
        self.inner.status()
    }
}

fn count_tokens(call: ModelCall<'_>, usage: Usage) {
    for (direction, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
        metrics::counter!("model_tokens_total", "provider" => call.provider.to_owned(),
            "model" => call.model.to_owned(), "direction" => direction)
        .increment(tokens.into());
    }
}
