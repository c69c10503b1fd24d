//! Triage: reading a text against what is stored, and learning from what people say.

mod categorize;
mod citation;
mod rationale;
mod reading;
mod similar;

pub use reading::TriageReading;
pub(crate) use similar::{HELPFUL_ARTICLE, LIKELY_DUPLICATE, REPLY_WORTHY_ARTICLE};
