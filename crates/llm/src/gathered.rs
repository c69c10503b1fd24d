//! What an answer has brought so far, whichever API it comes from and in however many pieces.

use std::collections::{BTreeMap, BTreeSet};

use atc_core::{
    chat::{ChatAnswer, Stop, ToolCall, Usage},
    json::RawJson,
    ports::Deltas,
};
use serde_json::Value;

/// Tells the words on, and remembers that it did.
pub(crate) struct Teller<'a> {
    deltas: Option<Deltas<'a>>,
    told: bool,
}

impl<'a> Teller<'a> {
    pub fn new(deltas: Option<Deltas<'a>>) -> Self {
        Self { deltas, told: false }
    }

    /// Whether somebody listens.
    pub fn listens(&self) -> bool {
        self.deltas.is_some()
    }

    /// Whether a word was told: then nothing is asked a second time.
    pub fn told(&self) -> bool {
        self.told
    }

    fn tell(&mut self, words: &str) {
        if let Some(deltas) = &mut self.deltas
            && !words.is_empty()
        {
            self.told = true;
            deltas(words);
        }
    }
}

/// The parts of an answer.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    text: String,
    refusal: String,
    calls: BTreeMap<u64, Call>,
    /// Why it ended, once it has.
    pub stop: Option<Stop>,
    pub usage: Usage,
    pub model: Option<String>,
}

#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl Gathered {
    /// Words of the answer.
    pub fn words(&mut self, words: &str, teller: &mut Teller<'_>) {
        self.text.push_str(words);
        teller.tell(words);
    }

    /// Words by which the model declines.
    pub fn refused(&mut self, words: &str) {
        self.refusal.push_str(words);
    }

    /// How many calls there are.
    pub fn calls(&self) -> u64 {
        self.calls.len() as u64
    }

    /// Part of the call that stands at this place.
    pub fn call(&mut self, place: u64, id: Option<&str>, name: Option<&str>, arguments: &str) {
        let call = self.calls.entry(place).or_default();
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            id.clone_into(&mut call.id);
        }
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            name.clone_into(&mut call.name);
        }
        call.arguments.push_str(arguments);
    }

    /// The answer as the port knows it. `asked` is the model that was asked for.
    pub fn answer(self, asked: &str) -> ChatAnswer {
        let mut stop = self.stop.unwrap_or(Stop::End);
        let mut ids = BTreeSet::new();
        let mut calls: Vec<ToolCall> = Vec::new();
        for (at, call) in self.calls.into_values().enumerate() {
            // A call that the limit cut off asks for nothing.
            let cut =
                stop == Stop::Length && serde_json::from_str::<Value>(&call.arguments).is_err();
            if call.name.is_empty() || cut {
                continue;
            }
            let mut id = if call.id.is_empty() { format!("call_{at}") } else { call.id };
            while !ids.insert(id.clone()) {
                id = format!("{id}_{at}");
            }
            calls.push(ToolCall { id, name: call.name, arguments: arguments(call.arguments) });
        }
        if !self.refusal.is_empty() {
            stop = Stop::Refused;
        } else if stop == Stop::End && !calls.is_empty() {
            stop = Stop::ToolCalls;
        } else if stop == Stop::ToolCalls && calls.is_empty() {
            stop = Stop::End;
        }
        let text = if self.text.is_empty() { self.refusal } else { self.text };
        let model =
            self.model.filter(|model| !model.is_empty()).unwrap_or_else(|| asked.to_owned());
        ChatAnswer { text, calls, stop, usage: self.usage, model }
    }
}

/// Arguments as JSON: none are an empty object, and what is no JSON is a text, which fits no schema.
fn arguments(text: String) -> RawJson {
    if text.trim().is_empty() {
        return RawJson::empty_object();
    }
    if serde_json::from_str::<Value>(&text).is_ok() {
        return RawJson::trusted(text);
    }
    RawJson::trusted(Value::String(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_come_in_pieces_and_get_ids_of_their_own() {
        let mut gathered = Gathered { stop: Some(Stop::End), ..Gathered::default() };
        gathered.call(u64::MAX, Some("x"), Some("b"), "{\"a\"");
        gathered.call(u64::MAX, None, None, ": 1}");
        gathered.call(0, Some("x"), Some("a"), "");
        gathered.call(1, None, Some("c"), "{oops");
        let answer = gathered.answer("m");
        let calls: Vec<_> =
            answer.calls.iter().map(|c| (&*c.id, &*c.name, c.arguments.as_str())).collect();
        assert_eq!(
            calls,
            [("x", "a", "{}"), ("call_1", "c", "\"{oops\""), ("x_2", "b", "{\"a\": 1}")]
        );
        assert_eq!((answer.stop, &*answer.model), (Stop::ToolCalls, "m"));
    }

    #[test]
    fn a_call_that_was_cut_off_is_left_out() {
        let mut gathered = Gathered { stop: Some(Stop::Length), ..Gathered::default() };
        gathered.call(0, Some("x"), Some("a"), "{\"a\": ");
        let answer = gathered.answer("m");
        assert!(answer.calls.is_empty() && answer.stop == Stop::Length);
    }

    #[test]
    fn a_refusal_is_one_and_its_words_are_kept() {
        let mut gathered = Gathered { stop: Some(Stop::End), ..Gathered::default() };
        gathered.refused("I will not.");
        let answer = gathered.answer("m");
        assert_eq!((answer.stop, &*answer.text), (Stop::Refused, "I will not."));
    }
}
