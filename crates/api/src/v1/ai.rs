//! Asking the models.

pub(super) mod agents;
pub(super) mod analyze_file;
pub(super) mod categorize;
pub(super) mod categorize_batch;
pub(super) mod config;
pub(super) mod decision;
pub(super) mod decisions;
pub(super) mod delete_key;
pub(super) mod quality;
pub(super) mod reload;
pub(super) mod replay;
pub(super) mod replays;
pub(super) mod revert;
pub(super) mod set_key;
pub(super) mod start_replay;
pub(super) mod tool_servers;

use atc_core::{
    Error,
    agent::ProviderName,
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

/// A provider in a path: what is no name is no provider.
fn provider(text: String) -> Result<ProviderName, Error> {
    ProviderName::parse(text).map_err(|_| Error::not_found("provider"))
}
