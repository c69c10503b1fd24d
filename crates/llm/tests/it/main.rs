//! Providers that hold themselves to the vendors' descriptions, providers that hold themselves to nothing, and
//! one that is real.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod contract;
mod faults;
mod real;
mod resilience;
mod server;
mod vendor;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use atc_core::{
    agent::{ApiKey, Provider, ProviderKind, ProviderName},
    chat::{ChatAnswer, ChatError, ChatMessage, ChatRequest},
    ports::{ChatModel, ChatModels},
};
use atc_llm::{Bounds, Providers, Rests};

/// As long as no test may last.
const LONG: Duration = Duration::from_secs(20);

fn provider(kind: ProviderKind, address: SocketAddr) -> Provider {
    Provider {
        name: ProviderName::parse("stub").unwrap(),
        kind,
        base_url: Some(format!("http://{address}/v1")),
        key: None,
        timeout: LONG,
        max_retries: 0,
        max_concurrent: 4,
        redact: true,
    }
}

fn key() -> Option<ApiKey> {
    ApiKey::parse("sk-hunter2-hunter2")
}

fn bounds() -> Bounds {
    let rests = Rests {
        after: 3,
        first: Duration::from_millis(50),
        longest: Duration::from_millis(200),
        unauthorized: Duration::from_millis(50),
    };
    Bounds { answer_bytes: 64 * 1024, rests, ..Bounds::default() }
}

fn connect(provider: &Provider) -> Arc<dyn ChatModel> {
    Providers::new(bounds()).connect(provider, key()).unwrap()
}

fn ask(text: &str) -> ChatRequest {
    ChatRequest {
        model: "model-1".to_owned(),
        system: "You sort tickets.".to_owned(),
        messages: vec![ChatMessage::User(text.to_owned())],
        tools: Vec::new(),
        schema: None,
        max_tokens: 100,
        temperature: None,
    }
}

/// The answer, and the words as they were told where it is streamed.
async fn chat(
    model: &dyn ChatModel,
    request: &ChatRequest,
    stream: bool,
) -> (Result<ChatAnswer, ChatError>, Vec<String>) {
    let mut told = Vec::new();
    let mut tell = |words: &str| told.push(words.to_owned());
    let answer = if stream {
        model.chat(request, LONG, Some(&mut tell)).await
    } else {
        model.chat(request, LONG, None).await
    };
    (answer, told)
}
