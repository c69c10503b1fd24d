//! What the house stands on: time, randomness, the bytes of files, rate limits, what processes tell each other, logs and metrics.

pub mod blob;
pub mod bus;
pub mod limiter;
pub mod telemetry;
mod world;

pub use world::{SharedClock, SystemClock, SystemEntropy};
