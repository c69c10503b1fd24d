//! Tags of tickets and articles.

use std::collections::HashSet;

use atc_core::{error::Faults, text::Tag, ticket::MAX_TAGS};

use crate::extract::each;

/// Takes the tags of a body, each once.
pub(super) fn tags(faults: &mut Faults, texts: Vec<String>) -> Option<Vec<Tag>> {
    let mut tags = each(faults, "/tags", texts, MAX_TAGS, Tag::parse)?;
    let mut seen = HashSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    Some(tags)
}
