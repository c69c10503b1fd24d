//! Why there is no answer, in words that give nothing away.

use atc_core::chat::{ChatError, ChatErrorKind, ChatMessage, ChatRequest};
use atc_net::{Answer, CallError};
use serde_json::Value;

use crate::plain::is_about_schema;

/// The longest message of a provider that is passed on, in characters.
const MESSAGE: usize = 200;
/// So many characters in common with the request are a quotation.
const QUOTATION: usize = 20;

/// A failed attempt.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// What the port is told.
    pub error: ChatError,
    /// What the provider said about another attempt (`x-should-retry`).
    pub should_retry: Option<bool>,
    /// Whether it does not take the schema that came with the request.
    pub no_schema: bool,
}

impl Fault {
    pub fn new(kind: ChatErrorKind, detail: impl Into<String>) -> Self {
        Self { error: ChatError::new(kind, detail), should_retry: None, no_schema: false }
    }

    /// What came is no answer of the API.
    pub fn malformed(detail: &str) -> Self {
        Self::new(ChatErrorKind::Malformed, detail)
    }

    /// The answer ended before its end.
    pub fn broke_off() -> Self {
        Self::new(ChatErrorKind::Unreachable, "The answer broke off.")
    }

    /// Whether the same call may succeed a moment later.
    pub fn may_repeat(&self) -> bool {
        self.should_retry.unwrap_or_else(|| self.error.kind.is_passing())
    }

    /// What an answer with this status means, whose body began with `body`.
    pub fn of_status(
        answer: &Answer,
        body: &[u8],
        request: &ChatRequest,
        key: Option<&str>,
    ) -> Self {
        let status = answer.status();
        let told = serde_json::from_slice(body).map(|body| Told::of(&body)).unwrap_or_default();
        let kind = of_status(status);
        let mut fault = Self::new(kind, format!("The provider answered {status}"));
        if (300..400).contains(&status) {
            fault.error.detail += ", a redirect, which is not followed: correct its base URL";
        }
        told.tell(&mut fault.error, request, key);
        fault.no_schema = kind == ChatErrorKind::BadRequest
            && request.schema.is_some()
            && told.message.as_deref().is_some_and(is_about_schema);
        fault.error.retry_after = answer.retry_after();
        fault.should_retry = match answer.header("x-should-retry") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            // No money is left on the account: that lasts.
            _ if told.code.as_deref() == Some("insufficient_quota") => Some(false),
            _ => None,
        };
        fault
    }

    /// What an error within an answer of status 200 means.
    pub fn of_event(error: &Value, request: &ChatRequest, key: Option<&str>) -> Self {
        let told = Told::of(error);
        let kind = told.kind();
        let mut fault = Self::new(kind, "The provider ended its answer with an error");
        told.tell(&mut fault.error, request, key);
        fault
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        let kind = match error {
            CallError::Unreachable(_) => ChatErrorKind::Unreachable,
            CallError::Header => ChatErrorKind::BadRequest,
        };
        Self::new(kind, error.to_string())
    }
}

fn of_status(status: u16) -> ChatErrorKind {
    match status {
        401..=403 => ChatErrorKind::Unauthorized,
        429 => ChatErrorKind::RateLimited,
        408 | 409 | 425 | 500.. => ChatErrorKind::Overloaded,
        400..500 => ChatErrorKind::BadRequest,
        _ => ChatErrorKind::Malformed,
    }
}

/// What a provider says about its error, in any of the usual forms.
#[derive(Debug, Default)]
struct Told {
    message: Option<String>,
    code: Option<String>,
    status: Option<u16>,
}

impl Told {
    fn of(body: &Value) -> Self {
        let error = body.get("error").unwrap_or(body);
        let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = error.get("code").and_then(Value::as_u64);
        Self {
            message: text("message").or_else(|| error.as_str().map(str::to_owned)),
            code: text("code").or_else(|| text("type")),
            status: number.and_then(|n| u16::try_from(n).ok()),
        }
    }

    fn kind(&self) -> ChatErrorKind {
        if let Some(status @ 400..600) = self.status {
            return of_status(status);
        }
        match self.code.as_deref() {
            Some("rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota") => {
                ChatErrorKind::RateLimited
            }
            Some("authentication_error" | "permission_error" | "billing_error") => {
                ChatErrorKind::Unauthorized
            }
            Some("invalid_request_error" | "not_found_error" | "request_too_large") => {
                ChatErrorKind::BadRequest
            }
            _ => ChatErrorKind::Overloaded,
        }
    }

    /// Adds what may be seen. What is said about a key is left out, as it likes to repeat the key.
    fn tell(&self, error: &mut ChatError, request: &ChatRequest, key: Option<&str>) {
        let word =
            |c: &&String| c.len() <= 40 && c.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if let Some(code) = self.code.as_ref().filter(word) {
            error.detail.extend([" (", code, ")"]);
        }
        let message =
            self.message.as_deref().map(|m| m.split_whitespace().collect::<Vec<_>>().join(" "));
        match message {
            Some(message)
                if error.kind != ChatErrorKind::Unauthorized
                    && message.chars().count() <= MESSAGE
                    && !message.contains(char::is_control)
                    && !key.is_some_and(|key| message.contains(key))
                    && !quotes(&message, request) =>
            {
                error.detail.extend([": ", &message]);
            }
            _ => error.detail.push('.'),
        }
    }
}

/// Whether a message repeats a part of what was asked.
fn quotes(message: &str, request: &ChatRequest) -> bool {
    let asked: Vec<String> = texts(request).map(spaced).collect();
    let starts: Vec<usize> =
        message.char_indices().map(|(at, _)| at).chain([message.len()]).collect();
    starts.windows(QUOTATION + 1).any(|window| {
        let part = &message[window[0]..window[QUOTATION]];
        asked.iter().any(|text| text.contains(part))
    })
}

/// With single spaces, as messages are compared.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn texts(request: &ChatRequest) -> impl Iterator<Item = &str> {
    let messages = request.messages.iter().map(|message| match message {
        ChatMessage::User(text)
        | ChatMessage::Model { text, .. }
        | ChatMessage::ToolResult { text, .. } => text.as_str(),
    });
    messages.chain([request.system.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(text: &str) -> ChatRequest {
        ChatRequest {
            model: "m".to_owned(),
            system: String::new(),
            messages: vec![ChatMessage::User(text.to_owned())],
            tools: Vec::new(),
            schema: None,
            max_tokens: 10,
            temperature: None,
        }
    }

    fn told(message: &str, asked: &str) -> String {
        let error = json!({ "error": { "message": message, "type": "api_error" } });
        Fault::of_event(&error, &request(asked), Some("sk-hunter2")).error.detail
    }

    #[test]
    fn a_short_message_is_passed_on_without_key_and_quotation() {
        let asked = "The printer on the\nsecond floor eats paper since Monday.";
        assert!(told("Try again later.", asked).ends_with("(api_error): Try again later."));
        for hidden in [
            "No: the printer on the second floor eats paper".to_owned(),
            "Wrong key sk-hunter2".to_owned(),
            "x".repeat(MESSAGE + 1),
            "\u{1b}[31mred".to_owned(),
        ] {
            let detail = told(&hidden, asked);
            assert!(detail.ends_with("an error (api_error)."), "{detail}");
        }
    }

    #[test]
    fn every_form_of_an_error_is_read() {
        use ChatErrorKind as Kind;
        for (error, kind) in [
            (json!({ "type": "error", "error": { "type": "overloaded_error" } }), Kind::Overloaded),
            (json!({ "error": { "type": "rate_limit_error" } }), Kind::RateLimited),
            (json!({ "error": { "code": 401, "message": "who?" } }), Kind::Unauthorized),
            (json!({ "object": "error", "code": 400 }), Kind::BadRequest),
            (json!({ "error": "out of memory" }), Kind::Overloaded),
            (json!([]), Kind::Overloaded),
        ] {
            let fault = Fault::of_event(&error, &request("x"), None);
            assert_eq!(fault.error.kind, kind, "{error}");
        }
    }
}
