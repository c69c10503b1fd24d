//! Calls of models, as they are watched: each is a span of its trace, is counted, and its time is kept.
//!
//! Whoever implements a port that calls a model needs to do nothing for it: the port is wrapped here, once.
//! For a new port, wrap it in a file beside these and send each call through [`model_call`].

mod call;
mod chat;
mod engine;
mod extractor;

pub use call::{ModelCall, model_call};
pub use chat::ObservedChats;
pub use engine::ObservedEngine;
pub use extractor::ObservedExtractor;
