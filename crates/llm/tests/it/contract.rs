//! Every request is one that the vendor's description allows, and every answer that it allows is understood,
//! whole and streamed.

use std::sync::Arc;

use atc_core::{
    agent::ProviderKind,
    chat::{AnswerSchema, ChatAnswer, ChatMessage, ChatRequest, Stop, ToolCall, ToolSpec, Usage},
    json::RawJson,
    ports::ChatModels as _,
};
use serde_json::{Value, json};

use crate::{
    ask, chat, connect, provider,
    server::{Request, Server, answer, json},
    vendor::{Vendor, anthropic_events, openai_events},
};

/// Both vendors, where their descriptions are there.
fn vendors() -> Vec<(ProviderKind, Arc<Vendor>)> {
    let openai = Vendor::openai().map(Arc::new);
    let anthropic = Vendor::anthropic().map(Arc::new);
    let compatible = openai.clone().map(|vendor| (ProviderKind::Compatible, vendor));
    let openai = openai.map(|vendor| (ProviderKind::OpenAi, vendor));
    let anthropic = anthropic.map(|vendor| (ProviderKind::Anthropic, vendor));
    [openai, compatible, anthropic].into_iter().flatten().collect()
}

/// Asks a server that holds requests and answers to the description.
async fn exchange(
    kind: ProviderKind,
    vendor: &Arc<Vendor>,
    request: &ChatRequest,
    body: &Value,
    stream: bool,
) -> (ChatAnswer, Vec<String>, Request) {
    vendor.check_answer(body);
    let (vendor, body) = (Arc::clone(vendor), body.clone());
    let mut server = Server::start(move |_, request| {
        vendor.check_request(&request.head, &request.body);
        if request.body["stream"] != true {
            return json(200, &body);
        }
        let events = if kind == ProviderKind::Anthropic {
            anthropic_events(&vendor, &body)
        } else {
            openai_events(&body, request.body["stream_options"]["include_usage"] == true)
        };
        answer(200, &[("content-type", "text/event-stream; charset=utf-8")], &events)
    })
    .await;
    let model = connect(&provider(kind, server.address));
    let (answered, told) = chat(&*model, request, stream).await;
    let sent = server.request().await;
    assert_eq!(sent.body["stream"], stream);
    assert_eq!(sent.body["model"], "model-1");
    (answered.unwrap(), told, sent)
}

/// A chat completion with this message.
fn completion(mut message: Value, end: &str) -> Value {
    message["role"] = json!("assistant");
    message.as_object_mut().unwrap().entry("refusal").or_insert(Value::Null);
    let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": end });
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_790_000_000, "model": "model-1-2026-08-01",
        "choices": [choice],
        "usage": { "prompt_tokens": 21, "completion_tokens": 9, "total_tokens": 30 },
    })
}

/// A message with these blocks.
fn message(content: &Value, end: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "model-1-2026-08-01", "content": content,
        "stop_reason": end, "stop_sequence": null, "stop_details": null, "container": null,
        "usage": {
            "input_tokens": 20, "output_tokens": 9, "cache_creation": null, "cache_creation_input_tokens": 1,
            "cache_read_input_tokens": null, "inference_geo": null, "server_tool_use": null,
            "service_tier": "standard",
        },
    })
}

fn text(words: &str) -> Value {
    json!({ "type": "text", "text": words, "citations": null })
}

const WORDS: &str = "{\"category\": \"Hardware\", \"why\": \"naïve ✓\"}";

#[tokio::test]
async fn words_are_understood_whole_and_as_they_come() {
    for (kind, vendor) in vendors() {
        for stream in [false, true] {
            let body = match kind {
                ProviderKind::Anthropic => message(&json!([text(WORDS)]), "end_turn"),
                _ => completion(json!({ "content": WORDS }), "stop"),
            };
            let (answer, told, sent) = exchange(kind, &vendor, &ask("Help!"), &body, stream).await;
            assert_eq!((&*answer.text, answer.stop), (WORDS, Stop::End));
            assert_eq!(answer.usage, Usage { input_tokens: 21, output_tokens: 9 });
            assert_eq!(answer.model, "model-1-2026-08-01");
            assert_eq!(told.concat(), if stream { WORDS } else { "" });
            assert_eq!(told.len() > 5, stream, "{told:?}");
            assert_eq!(sent.body.get("temperature"), None);
            assert_eq!(sent.body.get("tools"), None);
            let most = match kind {
                ProviderKind::OpenAi => "max_completion_tokens",
                _ => "max_tokens",
            };
            assert_eq!(sent.body[most], 100);
            let key = "sk-hunter2-hunter2";
            let (bearer, plain) = if kind == ProviderKind::Anthropic {
                assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
                (None, Some(key))
            } else {
                (Some(format!("Bearer {key}")), None)
            };
            assert_eq!(sent.header("authorization"), bearer.as_deref());
            assert_eq!(sent.header("x-api-key"), plain);
        }
    }
}

/// A conversation in which a tool was called twice in one turn, by another provider, whose ids are not
/// everybody's.
fn conversation() -> ChatRequest {
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: "search_tickets".to_owned(),
        arguments: RawJson::trusted(arguments.to_owned()),
    };
    let result = |id: &str, text: &str| ChatMessage::ToolResult {
        call_id: id.to_owned(),
        text: text.to_owned(),
    };
    let parameters =
        r#"{"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}"#;
    ChatRequest {
        messages: vec![
            ChatMessage::User("What of my printer?".to_owned()),
            ChatMessage::Model {
                text: String::new(),
                calls: vec![call("functions.search:0", r#"{"q": "printer"}"#), call("b", "[1]")],
            },
            result("functions.search:0", "TCK-1: printer"),
            result("b", ""),
            ChatMessage::Model { text: "One moment.".to_owned(), calls: Vec::new() },
            ChatMessage::User("Well?".to_owned()),
        ],
        tools: vec![ToolSpec {
            name: "web_search".to_owned(),
            description: "Finds tickets.".to_owned(),
            parameters: RawJson::trusted(parameters.to_owned()),
        }],
        temperature: Some(1.5),
        ..ask("")
    }
}

#[tokio::test]
async fn calls_of_tools_go_both_ways() {
    for (kind, vendor) in vendors() {
        for stream in [false, true] {
            let calls = [("call_1", "a", r#"{"q":"ä \"b\""}"#), ("call_2", "b", "{}")];
            let body = if kind == ProviderKind::Anthropic {
                let thoughts = json!({ "type": "thinking", "thinking": "Hm.", "signature": "s" });
                let mut content = vec![thoughts, text("I look.")];
                content.extend(calls.map(|(id, name, arguments)| {
                    let input: Value = serde_json::from_str(arguments).unwrap();
                    let caller = json!({ "type": "direct" });
                    json!({ "type": "tool_use", "id": id, "name": name, "input": input, "caller": caller })
                }));
                message(&json!(content), "tool_use")
            } else {
                let calls = calls.map(|(id, name, arguments)| {
                    let function = json!({ "name": name, "arguments": arguments });
                    json!({ "id": id, "type": "function", "function": function })
                });
                completion(json!({ "content": "I look.", "tool_calls": calls }), "tool_calls")
            };
            let (answer, told, sent) =
                exchange(kind, &vendor, &conversation(), &body, stream).await;
            assert_eq!((&*answer.text, answer.stop), ("I look.", Stop::ToolCalls));
            assert_eq!(told.concat(), if stream { "I look." } else { "" });
            let called: Vec<_> =
                answer.calls.iter().map(|c| (&*c.id, &*c.name, c.arguments.as_str())).collect();
            assert_eq!(called, calls);
            assert_conversation(kind, &sent.body);
        }
    }
}

fn assert_conversation(kind: ProviderKind, body: &Value) {
    let messages = body["messages"].as_array().unwrap();
    if kind == ProviderKind::Anthropic {
        assert_eq!(body["temperature"], 1.0, "not above what is allowed");
        assert_eq!(body["tools"][0].get("type"), None, "a tool of ours, whatever its name");
        let roles: Vec<_> = messages.iter().map(|m| m["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"]);
        assert_eq!(messages[1]["content"][0]["id"], messages[2]["content"][0]["tool_use_id"]);
    } else {
        assert_eq!(body["temperature"], 1.5);
        assert_eq!(messages.len(), 7, "the instructions come first");
        assert_eq!(messages[0], json!({ "role": "system", "content": "You sort tickets." }));
        assert_eq!(messages[2]["content"], Value::Null);
        assert_eq!(messages[2]["tool_calls"][0]["id"], messages[3]["tool_call_id"]);
    }
}

#[tokio::test]
async fn the_form_of_an_answer_is_asked_for_as_each_vendor_takes_it() {
    let schema = r#"{"type": "object", "required": ["title"], "additionalProperties": false,
        "properties": {"title": {"type": "string", "maxLength": 10}}}"#;
    let schema = AnswerSchema { name: "ticket", schema: RawJson::trusted(schema.to_owned()) };
    let request = ChatRequest { schema: Some(schema), ..ask("Help!") };
    for (kind, vendor) in vendors() {
        let body = match kind {
            ProviderKind::Anthropic => message(&json!([text("{}")]), "end_turn"),
            _ => completion(json!({ "content": "{}" }), "stop"),
        };
        let (_, _, sent) = exchange(kind, &vendor, &request, &body, false).await;
        let format = if kind == ProviderKind::Anthropic {
            &sent.body["output_config"]["format"]
        } else {
            assert_eq!(sent.body["response_format"]["type"], "json_schema");
            let format = &sent.body["response_format"]["json_schema"];
            assert_eq!((&format["name"], &format["strict"]), (&json!("ticket"), &json!(true)));
            format
        };
        let title = &format["schema"]["properties"]["title"];
        let kept = kind == ProviderKind::Compatible;
        assert_eq!(title.get("maxLength").is_some(), kept, "{kind:?} {title}");
    }
}

#[tokio::test]
async fn every_end_of_an_answer_is_understood() {
    for (kind, vendor) in vendors() {
        for stream in [false, true] {
            let ends = match kind {
                ProviderKind::Anthropic => [
                    (message(&json!([text("cut")]), "max_tokens"), "cut", Stop::Length),
                    (message(&json!([text("No.")]), "refusal"), "No.", Stop::Refused),
                    (message(&json!([]), "end_turn"), "", Stop::End),
                    (message(&json!([text("a"), text("b")]), "stop_sequence"), "ab", Stop::End),
                ],
                _ => [
                    (completion(json!({ "content": "cut" }), "length"), "cut", Stop::Length),
                    (
                        completion(json!({ "content": null, "refusal": "No." }), "stop"),
                        "No.",
                        Stop::Refused,
                    ),
                    (completion(json!({ "content": null }), "content_filter"), "", Stop::Refused),
                    (completion(json!({ "content": "" }), "stop"), "", Stop::End),
                ],
            };
            for (body, words, stop) in ends {
                let (answer, _, _) = exchange(kind, &vendor, &ask("Help!"), &body, stream).await;
                assert_eq!((&*answer.text, answer.stop), (words, stop), "{kind:?} {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_without_a_key_gets_none_and_its_thoughts_are_left_out() {
    for stream in [false, true] {
        let body = completion(json!({ "content": "<think>Hm, secret.</think>\n\nYes." }), "stop");
        let mut server = Server::start(move |_, request| {
            if request.body["stream"] != true {
                return json(200, &body);
            }
            let events = openai_events(&body, false).replace("data: [DONE]\n\n", "");
            answer(200, &[("content-type", "text/event-stream")], &events)
        })
        .await;
        let provider = provider(ProviderKind::Compatible, server.address);
        let model = atc_llm::Providers::default().connect(&provider, None).unwrap();
        let (answer, told) = chat(&*model, &ask("Help!"), stream).await;
        assert_eq!(answer.unwrap().text, "Yes.");
        assert_eq!(told.concat(), if stream { "Yes." } else { "" });
        assert_eq!(server.request().await.header("authorization"), None);
    }
}

#[tokio::test]
async fn forms_that_only_some_servers_have_are_understood() {
    let parts = json!([{ "type": "thinking", "thinking": [] }, { "type": "text", "text": "Yes." }]);
    let call = json!({ "function": { "name": "a", "arguments": { "q": 1 } } });
    for (message, text, calls) in [
        (json!({ "content": parts }), "Yes.", 0),
        (json!({ "content": "Yes.", "reasoning_content": "Hm.", "tool_calls": null }), "Yes.", 0),
        (json!({ "content": "", "tool_calls": [call, call] }), "", 2),
    ] {
        let body = json!({ "choices": [{ "message": message, "finish_reason": "stop" }] });
        let server = Server::start(move |_, _| json(200, &body)).await;
        let model = connect(&provider(ProviderKind::Compatible, server.address));
        // A server that knows no streams answers as a whole.
        for stream in [false, true] {
            let answer = chat(&*model, &ask("Help!"), stream).await.0.unwrap();
            assert_eq!(
                (&*answer.text, answer.calls.len(), &*answer.model),
                (text, calls, "model-1")
            );
            assert_eq!(answer.stop, if calls > 0 { Stop::ToolCalls } else { Stop::End });
        }
    }
}
