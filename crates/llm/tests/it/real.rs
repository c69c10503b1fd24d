//! A real server with a small real model, which `tests/models/run` starts.

use atc_core::{
    agent::{Provider, ProviderKind},
    chat::{AnswerSchema, ChatRequest, Stop},
    json::RawJson,
    ports::EngineState,
};
use serde_json::Value;

use crate::{ask, chat, connect, provider};

#[tokio::test]
async fn a_real_model_answers_in_the_wanted_form() {
    #[expect(clippy::disallowed_methods, reason = "tests/models/run says it in no other way")]
    let Ok(base) = std::env::var("TEST_CHAT_SERVER") else {
        eprintln!("skipped: TEST_CHAT_SERVER is not set (tests/models/run sets it)");
        return;
    };
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let timeout = std::time::Duration::from_mins(3);
    let provider =
        Provider { base_url: Some(base), timeout, ..provider(ProviderKind::Compatible, nowhere) };
    let model = connect(&provider);
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
        let mut told = String::new();
        let mut tell = |words: &str| told.push_str(words);
        let answer = if stream {
            model.chat(&request, timeout, Some(&mut tell)).await
        } else {
            model.chat(&request, timeout, None).await
        };
        let answer = answer.unwrap();
        let read: Value = serde_json::from_str(&answer.text).unwrap();
        assert!(["Hardware", "Software", "Network"].contains(&read["category"].as_str().unwrap()));
        assert!(read["urgent"].is_boolean() && answer.stop == Stop::End, "{answer:?}");
        assert!(answer.usage.output_tokens > 0 && answer.usage.input_tokens > 0, "{answer:?}");
        assert_eq!(told, if stream { answer.text } else { String::new() });
    }
    let cut = ChatRequest { max_tokens: 3, ..ask("Tell me a long story.") };
    let answer = chat(&*model, &cut, true).await.0.unwrap();
    assert_eq!(answer.stop, Stop::Length, "{answer:?}");
    assert_eq!(model.status().state, EngineState::Ready);
}
