//! The local models: reading a text, and learning from what people say of it.

mod category;
mod classifier;
mod embedder;
mod engine;
pub mod models;
mod pool;
mod priority;
mod text;

pub use engine::{EngineConfig, LocalEngine};
