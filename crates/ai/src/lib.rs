//! The local models: reading a text, and learning from what people say of it.

mod classifier;
mod embedder;
pub mod models;
mod pool;
mod priority;
mod text;
