//! Models that take no schema, as older ones do: they are told of it in words.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use atc_core::chat::{AnswerSchema, ChatRequest};

/// Words by which a provider says that the schema is what it does not take.
const SIGNS: [&str; 5] =
    ["response_format", "output_config", "json_schema", "schema", "structured output"];

/// The models of which it is known.
#[derive(Debug, Default)]
pub(crate) struct Plain(Mutex<BTreeSet<String>>);

impl Plain {
    /// Remembers a model; `false`: it was known before.
    pub fn learn(&self, model: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(model.to_owned())
    }

    /// The request as this model takes it, where that is another one.
    pub fn told(&self, request: &ChatRequest) -> Option<ChatRequest> {
        let schema = request.schema.as_ref()?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&request.model);
        known.then(|| in_words(request, schema))
    }
}

/// Whether what a provider says is about the schema.
pub(crate) fn is_about_schema(message: &str) -> bool {
    let message = message.to_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

fn in_words(request: &ChatRequest, schema: &AnswerSchema) -> ChatRequest {
    let schema = schema.schema.as_str();
    let wish = format!("Answer with one JSON value alone, which fits this JSON Schema:\n{schema}");
    let system = [request.system.as_str(), &wish].join("\n\n").trim_start().to_owned();
    ChatRequest { system, schema: None, ..request.clone() }
}
