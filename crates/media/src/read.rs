//! Which reader a file goes to.

use atc_core::{
    file::{Extracted, FileKind},
    ports::Ability,
};

use crate::{Input, Models, ReadError, Workplace, read_recording, sniff};

/// Reads a file, whatever it is.
pub(crate) fn read(input: &mut Input, at: &Workplace<'_>) -> Result<Extracted, ReadError> {
    if input.size == 0 {
        return Err(ReadError::refused("The file is empty."));
    }
    match sniff::kind(&input.content_type) {
        FileKind::Audio | FileKind::Video => {
            read_recording(input, at, &mut |_, _, _| Ok(String::new()))
        }
        kind => Ok(Extracted::empty(kind)),
    }
}

/// What can be read here and now.
pub(crate) fn abilities(models: &Models) -> Vec<Ability> {
    vec![Ability { name: "speech", missing: missing(&models.speech.join("model.bin")) }]
}

fn missing(file: &std::path::Path) -> Option<String> {
    let fetch = "its model is missing; run `ai-tickets models fetch`";
    (!file.is_file()).then(|| fetch.to_owned())
}
