//! A real server with a small real model, which `tests/models/run` starts.

use std::{sync::Arc, time::Duration};

use atc_core::{
    agent::{Provider, ProviderKind},
    chat::{AnswerSchema, ChatRequest, Stop},
    json::RawJson,
    ports::{ChatModel, EngineState},
};
use serde_json::Value;

use crate::{ask, connect, provider};

const TIMEOUT: Duration = Duration::from_mins(3);

/// The server, asked in this API; `None`, said aloud, where there is none.
fn real(kind: ProviderKind) -> Option<Arc<dyn ChatModel>> {
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stderr,
        reason = "tests/models/run says it in no other way; what is skipped is said"
    )]
    let Ok(base) = std::env::var("TEST_CHAT_SERVER") else {
        eprintln!("skipped: TEST_CHAT_SERVER is not set (tests/models/run sets it)");
        return None;
    };
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let provider = Provider { base_url: Some(base), timeout: TIMEOUT, ..provider(kind, nowhere) };
    Some(connect(&provider))
}

/// The answer, and the words as they were told where it is streamed.
async fn answer(
    model: &dyn ChatModel,
    request: &ChatRequest,
    stream: bool,
) -> (atc_core::chat::ChatAnswer, Vec<String>) {
    let mut told = Vec::new();
    let mut tell = |words: &str| told.push(words.to_owned());
    let answer = if stream {
        model.chat(request, TIMEOUT, Some(&mut tell)).await
    } else {
        model.chat(request, TIMEOUT, None).await
    };
    (answer.unwrap(), told)
}

#[tokio::test]
async fn a_real_model_answers_in_the_wanted_form() {
    let Some(model) = real(ProviderKind::Compatible) else { return };
    let schema = r#"{"type": "object", "required": ["category", "urgent"], "additionalProperties": false,
        "properties": {"category": {"type": "string", "enum": ["Hardware", "Software", "Network"]},
                       "urgent": {"type": "boolean"}}}"#;
    let schema = AnswerSchema { name: "verdict", schema: RawJson::trusted(schema.to_owned()) };
    let request = ChatRequest {
        schema: Some(schema),
        temperature: Some(0.0),
        ..ask("My printer eats paper. Which category is it, and is it urgent?")
    };
    for stream in [false, true] {
        let (answer, told) = answer(&*model, &request, stream).await;
        let read: Value = serde_json::from_str(&answer.text).unwrap();
        assert!(["Hardware", "Software", "Network"].contains(&read["category"].as_str().unwrap()));
        assert!(read["urgent"].is_boolean() && answer.stop == Stop::End, "{answer:?}");
        assert!(answer.usage.output_tokens > 0 && answer.usage.input_tokens > 0, "{answer:?}");
        assert_eq!(told.concat(), if stream { answer.text } else { String::new() });
        assert_eq!(told.len() > 3, stream, "word by word: {told:?}");
    }
    assert_eq!(model.status().state, EngineState::Ready);
}

#[tokio::test]
async fn a_real_server_is_understood_in_both_apis() {
    for kind in [ProviderKind::Compatible, ProviderKind::Anthropic] {
        let Some(model) = real(kind) else { return };
        for stream in [false, true] {
            let cut = ChatRequest { max_tokens: 5, ..ask("Tell me a long story.") };
            let (answer, told) = answer(&*model, &cut, stream).await;
            assert_eq!(answer.stop, Stop::Length, "{kind:?} {answer:?}");
            assert_eq!(answer.usage.output_tokens, 5, "{kind:?} {answer:?}");
            assert!(!answer.text.is_empty(), "{kind:?} {answer:?}");
            assert_eq!(told.concat(), if stream { answer.text } else { String::new() });
        }
        assert_eq!(model.status().errors, 0);
    }
}
