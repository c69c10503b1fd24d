//! What the house stands on: time, randomness, the bytes of files, rate limits, what processes tell each other, logs,
//! metrics and traces.

pub mod blob;
pub mod bus;
pub mod limiter;
pub mod observed;
pub mod telemetry;
mod world;

pub use world::{SharedClock, SystemClock, SystemEntropy};
