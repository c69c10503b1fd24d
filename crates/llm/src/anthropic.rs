//! Anthropic's messages.

use atc_core::chat::{ChatMessage, ChatRequest, Stop, ToolCall, Usage};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    gathered::{Gathered, Teller},
    openai::parsed,
    schema::{self, Rules},
};

/// The revision of the API that is spoken.
pub(crate) const VERSION: &str = "2023-06-01";

/// The body of a request.
pub(crate) fn request(request: &ChatRequest, stream: bool) -> Result<Value, Fault> {
    let mut body = json!({
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": messages(&request.messages),
        "stream": stream,
    });
    if !request.system.is_empty() {
        body["system"] = json!(request.system);
    }
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature.min(1.0));
    }
    if !request.tools.is_empty() {
        let tool = |tool: &atc_core::chat::ToolSpec| {
            let schema = parsed(tool.parameters.as_str())?;
            Ok(
                json!({ "name": tool.name, "description": tool.description, "input_schema": schema }),
            )
        };
        body["tools"] = request.tools.iter().map(tool).collect::<Result<_, Fault>>()?;
    }
    if let Some(schema) = &request.schema {
        let schema = schema::fitted(&parsed(schema.schema.as_str())?, Rules::Anthropic);
        body["output_config"] = json!({ "format": { "type": "json_schema", "schema": schema } });
    }
    Ok(body)
}

/// The conversation, in turns of either side: results of calls are what the user says next.
fn messages(messages: &[ChatMessage]) -> Vec<Value> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages {
        let (role, blocks) = match message {
            ChatMessage::User(words) => ("user", text(words).into_iter().collect()),
            ChatMessage::Model { text: words, calls } => {
                ("assistant", text(words).into_iter().chain(calls.iter().map(call)).collect())
            }
            ChatMessage::ToolResult { call_id, text } => {
                let block =
                    json!({ "type": "tool_result", "tool_use_id": id(call_id), "content": text });
                ("user", vec![block])
            }
        };
        match turns.last_mut() {
            Some((last, said)) if *last == role => said.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    let turns = turns.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    turns.map(|(role, blocks)| json!({ "role": role, "content": blocks })).collect()
}

/// A block of words; an empty one is refused.
fn text(words: &str) -> Option<Value> {
    (!words.is_empty()).then(|| json!({ "type": "text", "text": words }))
}

fn call(call: &ToolCall) -> Value {
    // Arguments that are no object are another provider's, and were refused when they were read.
    let input = serde_json::from_str(call.arguments.as_str()).ok().filter(Value::is_object);
    let input = input.unwrap_or_else(|| json!({}));
    json!({ "type": "tool_use", "id": id(&call.id), "name": call.name, "input": input })
}

/// The id of a call, which another provider may have given, in the letters that are allowed here.
fn id(id: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    if id.is_empty() { "_".to_owned() } else { id.chars().map(legal).collect() }
}

/// Reads an answer, whole or in pieces.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    done: bool,
}

#[derive(Debug, Deserialize)]
struct Message {
    model: Option<String>,
    #[serde(default)]
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    /// Thoughts, and what only those see who asked for it.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Message,
    },
    ContentBlockStart {
        index: u64,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    MessageDelta {
        delta: Ended,
        usage: Option<Tokens>,
    },
    MessageStop,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Ended {
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the vendor's names")]
struct Tokens {
    input_tokens: Option<u32>,
    cache_creation_input_tokens: Option<u32>,
    cache_read_input_tokens: Option<u32>,
    output_tokens: Option<u32>,
}

impl Reader {
    /// Reads a whole answer.
    pub fn whole(
        &mut self,
        body: Value,
        into: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<(), Fault> {
        if body["type"] != "message" {
            return Err(Fault::malformed("What came is no message."));
        }
        let message: Message = serde_json::from_value(body)
            .map_err(|_| Fault::malformed("What came is no message."))?;
        into.stop = Some(message.stop_reason.as_deref().map_or(Stop::End, stop));
        start(message, into, teller);
        self.done = true;
        Ok(())
    }

    /// Reads one event of a stream; `true`: it was the last.
    pub fn event(
        &mut self,
        event: Value,
        into: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<bool, Fault> {
        let event = serde_json::from_value(event)
            .map_err(|_| Fault::malformed("An event of the stream is none of a message."))?;
        match event {
            Event::MessageStart { message } => start(message, into, teller),
            Event::ContentBlockStart { index, content_block } => {
                block(index, content_block, true, into, teller);
            }
            Event::ContentBlockDelta { index, delta } => match delta {
                Delta::Text { text } => into.words(&text, teller),
                Delta::InputJson { partial_json } => {
                    into.call(index, None, None, &partial_json);
                }
                Delta::Other => {}
            },
            Event::MessageDelta { delta, usage } => {
                if let Some(reason) = delta.stop_reason {
                    into.stop = Some(stop(&reason));
                }
                count(usage, &mut into.usage);
            }
            Event::MessageStop => self.done = true,
            Event::Other => {}
        }
        Ok(self.done)
    }

    /// The stream has ended: whether the answer is whole.
    pub fn end(&self, into: &Gathered) -> bool {
        self.done && into.stop.is_some()
    }
}

fn start(message: Message, into: &mut Gathered, teller: &mut Teller<'_>) {
    into.model = message.model;
    count(message.usage, &mut into.usage);
    for (index, content) in (0..).zip(message.content) {
        block(index, content, false, into, teller);
    }
}

fn block(index: u64, block: Block, begun: bool, into: &mut Gathered, teller: &mut Teller<'_>) {
    match block {
        Block::Text { text } => into.words(&text, teller),
        Block::ToolUse { id, name, input } => {
            // At its beginning a streamed call has an empty input, and its text follows.
            let empty = begun || input.as_object().is_none_or(serde_json::Map::is_empty);
            let input = if empty { String::new() } else { input.to_string() };
            into.call(index, Some(&id), Some(&name), &input);
        }
        Block::Other => {}
    }
}

/// Takes over what is counted; each count is of the answer so far, and some gateways give a zero in between.
fn count(tokens: Option<Tokens>, usage: &mut Usage) {
    let Some(tokens) = tokens else { return };
    if let Some(read) = tokens.input_tokens {
        let cached = [tokens.cache_creation_input_tokens, tokens.cache_read_input_tokens];
        let all = cached.into_iter().flatten().fold(read, u32::saturating_add);
        usage.input_tokens = usage.input_tokens.max(all);
    }
    if let Some(written) = tokens.output_tokens {
        usage.output_tokens = usage.output_tokens.max(written);
    }
}

fn stop(reason: &str) -> Stop {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Stop::Length,
        "tool_use" => Stop::ToolCalls,
        "refusal" => Stop::Refused,
        _ => Stop::End,
    }
}
