//! The vendors' own descriptions of their APIs. What is sent and what the test servers answer is held to
//! them, and a field that they do not know is a fault.

use std::{collections::BTreeSet, fs};

use jsonschema::Validator;
use serde_json::{Value, json};

/// One vendor's description of one call.
pub struct Vendor {
    path: &'static str,
    request: Validator,
    answer: Validator,
    block: Option<Validator>,
}

impl Vendor {
    /// Chat completions; `None`, said aloud, where there is no description beside this repository.
    pub fn openai() -> Option<Self> {
        let document = document("openai.json")?;
        Some(Self {
            path: "/chat/completions",
            request: body(&document, "/chat/completions", "requestBody"),
            answer: body(&document, "/chat/completions", "responses/200"),
            block: None,
        })
    }

    /// Messages; `None`, said aloud, where there is no description beside this repository.
    pub fn anthropic() -> Option<Self> {
        let document = document("anthropic.json")?;
        Some(Self {
            path: "/messages",
            request: body(&document, "/v1/messages", "requestBody"),
            answer: body(&document, "/v1/messages", "responses/200"),
            block: Some(validator(
                &document,
                json!({ "$ref": "#/components/schemas/ContentBlock" }),
            )),
        })
    }

    /// Fails where the vendor would not take the request.
    pub fn check_request(&self, head: &str, body: &Value) {
        let line = format!("POST /v1{} HTTP/1.1", self.path);
        assert!(head.starts_with(&line), "{head}");
        check(&self.request, body);
    }

    /// Fails where the vendor would not answer so.
    pub fn check_answer(&self, body: &Value) {
        check(&self.answer, body);
    }

    /// Fails where the vendor would not answer with such a block.
    pub fn check_block(&self, block: &Value) {
        check(self.block.as_ref().unwrap(), block);
    }
}

fn check(validator: &Validator, body: &Value) {
    let faults: Vec<String> = validator
        .iter_errors(body)
        .map(|fault| format!("{} at {}", fault, fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{body:#}");
}

fn document(name: &str) -> Option<Value> {
    let file = atc_testkit::data_dir()?.with_file_name("specs").join(name);
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let parts = parts_of_wholes(&document);
    for (name, schema) in document["components"]["schemas"].as_object_mut().unwrap() {
        close(schema, !parts.contains(name));
    }
    Some(document)
}

fn body(document: &Value, path: &str, which: &str) -> Validator {
    let mut at = &document["paths"][path]["post"];
    for step in which.split('/') {
        at = &at[step];
    }
    validator(document, at["content"]["application/json"]["schema"].clone())
}

fn validator(document: &Value, mut schema: Value) -> Validator {
    assert!(schema.is_object(), "the description has no such body");
    schema["components"] = document["components"].clone();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// The schemas that others include with `allOf`: those may not be closed by themselves.
fn parts_of_wholes(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match value {
        Value::Object(members) => {
            for part in members.get("allOf").and_then(Value::as_array).into_iter().flatten() {
                if let Some(name) = part["$ref"].as_str() {
                    found.insert(name.rsplit('/').next().unwrap().to_owned());
                }
            }
            members.values().for_each(|value| found.extend(parts_of_wholes(value)));
        }
        Value::Array(each) => each.iter().for_each(|value| found.extend(parts_of_wholes(value))),
        _ => {}
    }
    found
}

/// Lets no object have more properties than are named, unless the description says that it may.
fn close(schema: &mut Value, may: bool) {
    let Value::Object(members) = schema else { return };
    let named = members.contains_key("properties") || members.contains_key("allOf");
    if may && named && !members.contains_key("additionalProperties") {
        members.insert("unevaluatedProperties".to_owned(), json!(false));
    }
    for (name, value) in members.iter_mut() {
        match (name.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                for schema in named.values_mut() {
                    close(schema, true);
                }
            }
            ("allOf", Value::Array(each)) => each.iter_mut().for_each(close_below),
            ("anyOf" | "oneOf", Value::Array(each)) => {
                for schema in each {
                    close(schema, true);
                }
            }
            ("items" | "additionalProperties", schema) => close(schema, true),
            _ => {}
        }
    }
}

/// Closes what is inside of a part of a whole, but not the part.
fn close_below(part: &mut Value) {
    close(part, false);
}

/// How OpenAI streams this answer, as far as `usage` was asked for.
pub fn openai_events(answer: &Value, usage: bool) -> String {
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = answer.clone();
        chunk["object"] = json!("chat.completion.chunk");
        chunk["choices"] = choices;
        chunk["usage"] = usage;
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, end: Value| {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": end });
        chunk(json!([choice]), Value::Null)
    };
    let choice = &answer["choices"][0];
    let message = &choice["message"];
    let mut events =
        delta(json!({ "role": "assistant", "content": "", "refusal": null }), Value::Null);
    for name in ["content", "refusal"] {
        for piece in pieces(message[name].as_str().unwrap_or_default()) {
            events += &delta(json!({ name: piece }), Value::Null);
        }
    }
    for (index, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let function = json!({ "name": call["function"]["name"], "arguments": "" });
        let begin =
            json!({ "index": index, "id": call["id"], "type": "function", "function": function });
        events += &delta(json!({ "tool_calls": [begin] }), Value::Null);
        for piece in pieces(call["function"]["arguments"].as_str().unwrap()) {
            let more = json!({ "index": index, "function": { "arguments": piece } });
            events += &delta(json!({ "tool_calls": [more] }), Value::Null);
        }
    }
    events += &delta(json!({}), choice["finish_reason"].clone());
    if usage {
        events += &chunk(json!([]), answer["usage"].clone());
    }
    events + "data: [DONE]\n\n"
}

/// How Anthropic streams this message.
pub fn anthropic_events(vendor: &Vendor, message: &Value) -> String {
    let event =
        |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    let mut begun = message.clone();
    begun["content"] = json!([]);
    begun["stop_reason"] = Value::Null;
    begun["usage"]["output_tokens"] = json!(1);
    vendor.check_answer(&begun);
    let mut events = event(json!({ "type": "message_start", "message": begun }));
    events += &event(json!({ "type": "ping" }));
    for (index, block) in message["content"].as_array().unwrap().iter().enumerate() {
        let (field, kind, whole) = match block["type"].as_str().unwrap() {
            "text" => ("text", "text_delta", block["text"].as_str().unwrap().to_owned()),
            "thinking" => {
                ("thinking", "thinking_delta", block["thinking"].as_str().unwrap().to_owned())
            }
            "tool_use" => ("partial_json", "input_json_delta", block["input"].to_string()),
            other => panic!("{other}"),
        };
        let mut begin = block.clone();
        match field {
            "partial_json" => begin["input"] = json!({}),
            field => begin[field] = json!(""),
        }
        vendor.check_block(&begin);
        events += &event(
            json!({ "type": "content_block_start", "index": index, "content_block": begin }),
        );
        for piece in pieces(&whole) {
            let delta = json!({ "type": kind, field: piece });
            events +=
                &event(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
        }
        events += &event(json!({ "type": "content_block_stop", "index": index }));
    }
    let delta = json!({ "stop_reason": message["stop_reason"], "stop_sequence": null });
    let usage = json!({ "output_tokens": message["usage"]["output_tokens"] });
    events += &event(json!({ "type": "message_delta", "delta": delta, "usage": usage }));
    events + &event(json!({ "type": "message_stop" }))
}

/// A text in small pieces.
fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(3).map(|piece| piece.iter().collect()).collect()
}
