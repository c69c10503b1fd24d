//! What the house stands on: time, randomness, rate limits, logs and metrics.

pub mod limiter;
pub mod telemetry;
mod world;

pub use world::{SystemClock, SystemEntropy};
