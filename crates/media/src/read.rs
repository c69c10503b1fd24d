//! Which reader a file goes to.

use atc_core::{file::Extracted, ports::Ability};

use crate::{Input, Models, ReadError, Workplace, sniff};

/// Reads a file, whatever it is.
pub(crate) fn read(input: &mut Input, _at: &Workplace<'_>) -> Result<Extracted, ReadError> {
    if input.size == 0 {
        return Err(ReadError::refused("The file is empty."));
    }
    Ok(Extracted::empty(sniff::kind(&input.content_type)))
}

/// What can be read here and now.
pub(crate) fn abilities(_models: &Models) -> Vec<Ability> {
    Vec::new()
}
