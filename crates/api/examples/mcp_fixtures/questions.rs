//! The tools that ask the client back, in rounds of requests (SEP-2322): the answer to a call is the question,
//! and the call is made again with what was answered, and with a state that the client carries along.

use aws_lc_rs::{
    hmac::{self, HMAC_SHA256, Key},
    rand::SystemRandom,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, InputRequests,
        InputRequiredResult, InputResponses,
    },
    service::RequestContext,
};
use serde_json::{Map, Value, json};

use crate::tools::text;

const ELICITATION: &str = "test_input_required_result_elicitation";
const SAMPLING: &str = "test_input_required_result_sampling";
const ROOTS: &str = "test_input_required_result_list_roots";
const STATE: &str = "test_input_required_result_request_state";
const MULTIPLE: &str = "test_input_required_result_multiple_inputs";
const ROUNDS: &str = "test_input_required_result_multi_round";
const TAMPERED: &str = "test_input_required_result_tampered_state";
const CAPABILITIES: &str = "test_input_required_result_capabilities";
const MISSING: &str = "test_missing_capability";
const STREAMING: &str = "test_streaming_elicitation";

/// Every tool that asks.
pub const TOOLS: &[(&str, &str)] = &[
    (ELICITATION, "Asks the person for a name."),
    (SAMPLING, "Asks the client's model."),
    (ROOTS, "Asks for the client's folders."),
    (STATE, "Asks, and lets the client carry a state."),
    (MULTIPLE, "Asks three things at once."),
    (ROUNDS, "Asks twice."),
    (TAMPERED, "Asks, and lets the client carry a state that it must not change."),
    (CAPABILITIES, "Asks whatever the client can answer."),
    (MISSING, "Asks the client's model, without which it cannot do anything."),
    (STREAMING, "Asks the person for a name."),
];

/// What clients carry from one round to the next, so that they cannot change it.
pub struct Sealed(Key);

impl Sealed {
    /// With a key that nobody else has.
    pub fn new() -> Self {
        Self(Key::generate(HMAC_SHA256, &SystemRandom::new()).expect("randomness"))
    }

    fn seal(&self, tool: &str, state: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{tool} {state}").as_bytes());
        format!("{state}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// # Errors
    /// When the state is not one that this tool gave.
    fn open<'a>(&self, tool: &str, sealed: &'a str) -> Result<&'a str, ErrorData> {
        let opened = sealed.split_once('.').filter(|(state, tag)| {
            let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).unwrap_or_default();
            hmac::verify(&self.0, format!("{tool} {state}").as_bytes(), &tag).is_ok()
        });
        let changed = || ErrorData::invalid_params("This is not the requestState given.", None);
        opened.map(|(state, _)| state).ok_or_else(changed)
    }
}

/// The question that a person answers by one field.
pub fn elicitation(message: &str, field: &str, kind: &str) -> Value {
    let schema =
        json!({"type": "object", "properties": {field: {"type": kind}}, "required": [field]});
    json!({"method": "elicitation/create", "params": {
        "mode": "form", "message": message, "requestedSchema": schema
    }})
}

fn their_name(message: &str) -> Value {
    elicitation(message, "name", "string")
}

fn sampling(question: &str, max_tokens: u32) -> Value {
    let message = json!({"role": "user", "content": {"type": "text", "text": question}});
    json!({"method": "sampling/createMessage", "params": {
        "messages": [message], "maxTokens": max_tokens
    }})
}

fn roots() -> Value {
    json!({"method": "roots/list", "params": {}})
}

/// What it takes to answer a question.
fn capability(question: &Value) -> &str {
    match question["method"].as_str() {
        Some("elicitation/create") => "elicitation",
        Some("sampling/createMessage") => "sampling",
        _ => "roots",
    }
}

fn capabilities(context: &RequestContext<RoleServer>) -> Value {
    json!(context.client_capabilities().unwrap_or_default())
}

/// Asks the client.
///
/// # Errors
/// When the client did not say that it can answer that.
pub fn ask<R: From<InputRequiredResult>>(
    context: &RequestContext<RoleServer>,
    questions: Value,
    state: Option<String>,
) -> Result<R, ErrorData> {
    let can = capabilities(context);
    let lacking = questions.as_object().and_then(|questions| {
        questions.values().map(capability).find(|capability| can.get(capability).is_none())
    });
    let fault = |e: serde_json::Error| ErrorData::internal_error(e.to_string(), None);
    if let Some(capability) = lacking {
        let needed: ClientCapabilities =
            serde_json::from_value(json!({capability: {}})).map_err(fault)?;
        return Err(ErrorData::missing_required_client_capability(needed));
    }
    let questions: InputRequests = serde_json::from_value(questions).map_err(fault)?;
    Ok(InputRequiredResult::new(Some(questions), state).into())
}

/// What a person filled into the one field that they were asked for, where they did.
pub fn content(answers: Option<&InputResponses>, key: &str, field: &str) -> Option<String> {
    let answer = answers?.get(key)?;
    (answer["action"] == "accept").then(|| answer["content"].get(field))?.map(plain)
}

/// What stands in an answer of another kind.
fn found(answers: Option<&InputResponses>, key: &str, pointer: &str) -> Option<String> {
    answers?.get(key)?.pointer(pointer).map(plain)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a tool gives, or asks; `None` where it is none of these.
pub fn call(
    sealed: &Sealed,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Option<Result<CallToolResponse, ErrorData>> {
    let name = &*request.name;
    let is_ours = TOOLS.iter().any(|(tool, _)| *tool == name);
    is_ours.then(|| {
        let state = request.request_state.as_deref().map(|state| sealed.open(name, state));
        let answers = request.input_responses.as_ref();
        let round = if name == CAPABILITIES {
            Round::of_what_can_be_asked(context, answers)
        } else {
            Round::of(name, answers, state.transpose()?)
        };
        if let Some(done) = round.done {
            return Ok(CallToolResult::success(vec![text(&done)]).into());
        }
        let state = round.state.map(|state| sealed.seal(name, state));
        ask(context, round.questions, state)
    })
}

/// Where a tool is with its questions.
struct Round {
    /// What it gives, once everything was answered.
    done: Option<String>,
    /// What it asks until then.
    questions: Value,
    /// What the client carries to the next round.
    state: Option<&'static str>,
}

impl Round {
    fn of(name: &str, answers: Option<&InputResponses>, state: Option<&str>) -> Self {
        match name {
            SAMPLING | MISSING => {
                let question = sampling("What is the capital of France?", 100);
                let done = found(answers, "capital_question", "/content/text");
                Self { done, questions: json!({"capital_question": question}), state: None }
            }
            ROOTS => {
                let done = found(answers, "client_roots", "/roots");
                Self { done, questions: json!({"client_roots": roots()}), state: None }
            }
            STATE | TAMPERED => {
                let confirmed = content(answers, "confirm", "ok").filter(|_| state.is_some());
                let done = confirmed.map(|ok| format!("state-ok: {ok}"));
                let question = elicitation("Please confirm", "ok", "boolean");
                Self { done, questions: json!({"confirm": question}), state: Some("asked") }
            }
            MULTIPLE => {
                let person = content(answers, "user_name", "name").filter(|_| state.is_some());
                let greeting = found(answers, "greeting", "/content/text");
                let place = found(answers, "client_roots", "/roots");
                let done = person.zip(greeting).zip(place);
                let done = done.map(|((who, greeting), place)| format!("{greeting} {who} {place}"));
                let questions = json!({
                    "user_name": their_name("What is your name?"),
                    "greeting": sampling("Generate a greeting", 50),
                    "client_roots": roots()
                });
                Self { done, questions, state: Some("asked") }
            }
            ROUNDS => Self::of_two(answers, state),
            _ => {
                let done = content(answers, "user_name", "name");
                let questions = json!({"user_name": their_name("What is your name?")});
                Self { done: done.map(|name| format!("Hello, {name}!")), questions, state: None }
            }
        }
    }

    fn of_two(answers: Option<&InputResponses>, state: Option<&str>) -> Self {
        let first = content(answers, "step1", "name").filter(|_| state == Some("first"));
        if first.is_none() && state != Some("second") {
            let questions = json!({"step1": their_name("Step 1: What is your name?")});
            return Self { done: None, questions, state: Some("first") };
        }
        let second = content(answers, "step2", "color").filter(|_| state == Some("second"));
        let done = second.map(|color| format!("It is {color}."));
        let question = elicitation("Step 2: What is your favorite color?", "color", "string");
        Self { done, questions: json!({"step2": question}), state: Some("second") }
    }

    fn of_what_can_be_asked(
        context: &RequestContext<RoleServer>,
        answers: Option<&InputResponses>,
    ) -> Self {
        let can = capabilities(context);
        let mut questions = Map::from_iter([
            ("user_name".to_owned(), their_name("What is your name?")),
            ("greeting".to_owned(), sampling("Generate a greeting", 50)),
        ]);
        questions.retain(|_, question| can.get(capability(question)).is_some());
        let over = questions.is_empty() || answers.is_some();
        let done = over.then(|| "There is nothing more to ask.".to_owned());
        Self { done, questions: questions.into(), state: None }
    }
}
