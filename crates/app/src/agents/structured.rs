//! Answers of a given form: read, one attempt at mending, then the next in the chain.

use atc_core::chat::{ChatMessage, Stop};
use serde_json::Value;

use super::ask::{Ask, Asked, Chain, Unanswered};
use crate::App;

/// The most of a fault that a model is told.
const FAULT_CHARS: usize = 600;

/// An answer that has its form.
#[derive(Debug, Clone)]
pub(crate) struct Structured<T> {
    /// What it says.
    pub value: T,
    /// Who said it, and what that took.
    pub asked: Asked,
}

impl App {
    /// Asks for an answer that `read` takes. An answer that it does not take is sent back once with what is
    /// wrong; then the next in the chain is asked.
    ///
    /// # Errors
    /// When nobody in the chain gave one in time.
    pub(crate) async fn ask_structured<T>(
        &self,
        ask: &Ask,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Structured<T>, Unanswered> {
        let mut chain: Chain = self.chain(ask).await?;
        while let Some(model) = chain.advance() {
            let mut messages = ask.messages.clone();
            for attempt in 0..2 {
                let answer = match self.ask_model(&mut chain, ask, &model, &messages, None).await {
                    Ok(answer) if answer.stop == Stop::Refused => {
                        chain.note(&model, "it declined");
                        break;
                    }
                    Ok(answer) => answer,
                    Err(e) => {
                        chain.note(&model, &e.detail);
                        break;
                    }
                };
                let fault = match read(&answer.text) {
                    Ok(value) => return Ok(Structured { value, asked: chain.answered(answer) }),
                    Err(fault) => fault,
                };
                metrics::counter!("agent_malformed_answers_total", "agent" => ask.agent.as_str())
                    .increment(1);
                tracing::debug!(%model, fault, "a language model gave an answer of another form");
                if attempt == 1 {
                    chain.note(&model, "its answer had not the form that was asked for");
                    break;
                }
                let fault: String = fault.chars().take(FAULT_CHARS).collect();
                messages.push(ChatMessage::Model { text: answer.text, calls: Vec::new() });
                messages.push(ChatMessage::User(format!(
                    "This answer cannot be used: {fault}\nAnswer again with the JSON object alone, \
                     complete and without any text around it."
                )));
            }
        }
        Err(chain.unanswered(ask.agent))
    }
}

/// The one JSON object of an answer, also where a model put words or a fence around it.
pub(crate) fn object_in(answer: &str) -> Result<Value, String> {
    let text = answer.trim();
    if text.is_empty() {
        return Err("It is empty.".to_owned());
    }
    let Some(begin) = text.find('{') else {
        return Err("There is no JSON object in it.".to_owned());
    };
    let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<Value>();
    match values.next() {
        Some(Ok(value @ Value::Object(_))) => Ok(value),
        Some(Err(e)) if e.is_eof() => Err("The JSON is cut off.".to_owned()),
        Some(Err(e)) => Err(format!("The JSON cannot be read: {e}.")),
        _ => Err("There is no JSON object in it.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_in_what_models_put_around_it() {
        for text in [
            "{\"a\": 1}",
            "```json\n{\"a\": 1}\n```",
            "Sure! Here it is:\n{\"a\": 1}\nLet me know.",
        ] {
            assert_eq!(object_in(text).unwrap()["a"], 1, "{text}");
        }
        for text in ["", "  ", "No.", "[1]", "{\"a\": ", "{a: 1}", "{\"a\": \"x"] {
            object_in(text).unwrap_err();
        }
    }
}
