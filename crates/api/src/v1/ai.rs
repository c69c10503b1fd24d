//! Asking the models.

pub(super) mod agents;
pub(super) mod analyze_file;
pub(super) mod categorize;
pub(super) mod categorize_batch;

use atc_core::{
    error::Faults,
    ports::TriageInput,
    text::{PlainText, Title},
};

/// A text to be read, from the members of a body at `pointer`.
fn input(
    faults: &mut Faults,
    pointer: &str,
    title: Option<String>,
    text: Option<String>,
) -> Option<TriageInput> {
    let title = match title {
        Some(title) => Some(faults.take(&format!("{pointer}/title"), Title::parse(title))?),
        None => None,
    };
    let text = faults.require(&format!("{pointer}/text"), text.map(PlainText::parse))?;
    Some(TriageInput { title: title.map(Title::into_string), text: text.into_string() })
}
