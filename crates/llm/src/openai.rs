//! OpenAI's chat completions, also as other servers understand them.

use atc_core::{
    agent::ProviderKind,
    chat::{AnswerSchema, ChatMessage, ChatRequest, Stop, ToolCall, ToolSpec, Usage},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    gathered::{Gathered, Teller},
    schema::{self, Rules},
    thoughts::Thoughts,
};

/// The body of a request.
pub(crate) fn request(
    kind: ProviderKind,
    request: &ChatRequest,
    stream: bool,
) -> Result<Value, Fault> {
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    if !request.system.is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    messages.extend(request.messages.iter().map(message));
    let mut body = json!({ "model": request.model, "messages": messages, "stream": stream });
    // OpenAI's newer models refuse the old name; other servers may not know the new one.
    let most = if kind == ProviderKind::OpenAi { "max_completion_tokens" } else { "max_tokens" };
    body[most] = json!(request.max_tokens);
    if stream {
        body["stream_options"] = json!({ "include_usage": true });
    }
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature);
    }
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect::<Result<_, _>>()?;
    }
    if let Some(schema) = &request.schema {
        body["response_format"] = response_format(kind, schema)?;
    }
    Ok(body)
}

fn message(message: &ChatMessage) -> Value {
    match message {
        ChatMessage::User(text) => json!({ "role": "user", "content": text }),
        ChatMessage::Model { text, calls } if calls.is_empty() => {
            json!({ "role": "assistant", "content": text })
        }
        ChatMessage::Model { text, calls } => {
            let content = if text.is_empty() { Value::Null } else { json!(text) };
            let calls: Vec<Value> = calls.iter().map(call).collect();
            json!({ "role": "assistant", "content": content, "tool_calls": calls })
        }
        ChatMessage::ToolResult { call_id, text } => {
            json!({ "role": "tool", "tool_call_id": call_id, "content": text })
        }
    }
}

fn call(call: &ToolCall) -> Value {
    let function = json!({ "name": call.name, "arguments": call.arguments.as_str() });
    json!({ "id": call.id, "type": "function", "function": function })
}

fn tool(tool: &ToolSpec) -> Result<Value, Fault> {
    let parameters = parsed(tool.parameters.as_str())?;
    let function =
        json!({ "name": tool.name, "description": tool.description, "parameters": parameters });
    Ok(json!({ "type": "function", "function": function }))
}

fn response_format(kind: ProviderKind, wanted: &AnswerSchema) -> Result<Value, Fault> {
    let schema = parsed(wanted.schema.as_str())?;
    let (schema, strict) = if kind == ProviderKind::OpenAi {
        let schema = schema::fitted(&schema, Rules::OpenAi);
        let strict = schema::is_strict(&schema);
        (schema, strict)
    } else {
        (schema, true)
    };
    let form = json!({ "name": wanted.name, "schema": schema, "strict": strict });
    Ok(json!({ "type": "json_schema", "json_schema": form }))
}

/// A schema of ours, which is JSON.
pub(crate) fn parsed(json: &str) -> Result<Value, Fault> {
    let broken = |_| Fault::new(atc_core::chat::ChatErrorKind::BadRequest, "A schema is no JSON.");
    serde_json::from_str(json).map_err(broken)
}

/// Reads an answer, whole or in pieces.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Where thoughts may stand among the words.
    thoughts: Option<Thoughts>,
    done: bool,
}

/// What comes: a whole answer or a piece of one.
#[derive(Debug, Deserialize)]
struct Reply {
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    #[serde(alias = "delta")]
    message: Option<Message>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: Option<Content>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Call>>,
}

/// Words, or parts of which some are words and others thoughts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Words(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
}

impl Reader {
    pub fn new(kind: ProviderKind) -> Self {
        let thoughts = (kind == ProviderKind::Compatible).then(Thoughts::default);
        Self { thoughts, done: false }
    }

    /// Reads a whole answer.
    pub fn whole(
        &mut self,
        body: Value,
        into: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<(), Fault> {
        if !self.take(body, into, teller)? {
            return Err(Fault::malformed("The answer has no choice."));
        }
        into.stop = into.stop.or(Some(Stop::End));
        self.done = true;
        Ok(())
    }

    /// Reads one event of a stream.
    pub fn event(
        &mut self,
        event: Value,
        into: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<(), Fault> {
        self.take(event, into, teller).map(|_| ())
    }

    /// The mark of the end has come.
    pub fn mark(&mut self) {
        self.done = true;
    }

    /// The stream has ended: whether the answer is whole.
    pub fn end(&mut self, into: &mut Gathered, teller: &mut Teller<'_>) -> bool {
        if let Some(thoughts) = &mut self.thoughts {
            let held = thoughts.end();
            into.words(&held, teller);
        }
        // Some servers leave the mark of the end out.
        self.done || into.stop.is_some()
    }

    /// Takes over what has come; whether a message, or a piece of one, was in it.
    fn take(
        &mut self,
        body: Value,
        into: &mut Gathered,
        teller: &mut Teller<'_>,
    ) -> Result<bool, Fault> {
        let reply: Reply = serde_json::from_value(body)
            .map_err(|_| Fault::malformed("What came is no chat completion."))?;
        if let Some(model) = reply.model {
            into.model = Some(model);
        }
        if let Some(tokens) = reply.usage {
            into.usage = Usage {
                input_tokens: tokens.prompt_tokens,
                output_tokens: tokens.completion_tokens,
            };
        }
        let mut said = false;
        for choice in reply.choices.into_iter().flatten().filter(|choice| choice.index == 0) {
            if let Some(message) = choice.message {
                said = true;
                self.message(message, into, teller);
            }
            if let Some(reason) = &choice.finish_reason {
                into.stop = Some(stop(reason));
            }
        }
        Ok(said)
    }

    fn message(&mut self, message: Message, into: &mut Gathered, teller: &mut Teller<'_>) {
        let words = match message.content {
            None => String::new(),
            Some(Content::Words(words)) => words,
            Some(Content::Parts(parts)) => {
                let said = parts.into_iter().filter(|part| part.kind.as_deref() == Some("text"));
                said.filter_map(|part| part.text).collect()
            }
        };
        let words = match &mut self.thoughts {
            Some(thoughts) => thoughts.piece(&words),
            None => words,
        };
        into.words(&words, teller);
        if let Some(words) = &message.refusal {
            into.refused(words);
        }
        for call in message.tool_calls.into_iter().flatten() {
            let place = call.index.unwrap_or_else(|| into.calls());
            let function = call.function;
            let name = function.as_ref().and_then(|f| f.name.as_deref());
            let arguments = match function.as_ref().and_then(|f| f.arguments.as_ref()) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
            };
            into.call(place, call.id.as_deref(), name, &arguments);
        }
    }
}

fn stop(reason: &str) -> Stop {
    match reason {
        "length" => Stop::Length,
        "tool_calls" | "function_call" => Stop::ToolCalls,
        "content_filter" => Stop::Refused,
        _ => Stop::End,
    }
}
