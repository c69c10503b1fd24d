//! What is said in a recording: Whisper (Radford et al., "Robust Speech Recognition via Large-Scale
//! Weak Supervision", ICML 2023) through `CTranslate2`, on the CPU, in eight bits.
//!
//! Samples are pushed in as they come and are forgotten once they are read: a recording of any length
//! takes the memory of half a minute. What is no speech never reaches the model, which would make
//! sentences up for it.

mod decoding;
mod error;
mod guards;
mod language;
mod mel;
mod model;
mod tokens;
mod transcription;
mod vad;
mod windows;

pub use error::SpeechError;
pub use model::Transcriber;
pub use transcription::{Segment, Transcript, Transcription};

/// Samples in a second of all sound here; one channel, -1 to 1.
pub const SAMPLE_RATE: u32 = 16_000;
