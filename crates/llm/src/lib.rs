//! The language models of others, behind the port [`ChatModel`](atc_core::ports::ChatModel).
//!
//! Two APIs are spoken: OpenAI's chat completions, which most servers understand, and Anthropic's messages.
//! Each has a file that writes requests and reads answers, whole and streamed; `gathered` is what both fill.
//! `attempt` makes one call; around it stand, in `model`, the places for calls at the same time, the breaker
//! and the repetition of what failed for a passing reason.
//!
//! A provider is a stranger: of what it sends, a bounded amount is read, nothing is logged, and a field that
//! it leaves out or invents breaks nothing.

mod anthropic;
mod attempt;
mod breaker;
mod fault;
mod gathered;
mod model;
mod openai;
mod plain;
mod providers;
mod repeat;
mod schema;
mod thoughts;

pub use breaker::Rests;
pub use providers::{Bounds, Providers};
