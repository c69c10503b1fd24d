//! Categories.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod update;

use atc_core::{
    category::{MAX_EXAMPLES, Slug},
    error::Faults,
    text::Example,
};

use crate::{extract::each, problem::Result};

/// The category of a path. One that is no slug names nothing: 404.
fn slug(text: String) -> Result<Slug> {
    Slug::parse(text).map_err(|_| atc_core::Error::not_found("category").into())
}

fn examples(faults: &mut Faults, texts: Vec<String>) -> Option<Vec<Example>> {
    each(faults, "/examples", texts, MAX_EXAMPLES, Example::parse)
}
