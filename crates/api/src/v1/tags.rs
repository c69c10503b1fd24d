//! Tags of tickets and articles.

use atc_core::{error::Faults, text::Tag, ticket::MAX_TAGS};

use crate::extract::{distinct, each};

/// Takes the tags of a body, each once.
pub(super) fn tags(faults: &mut Faults, texts: Vec<String>) -> Option<Vec<Tag>> {
    Some(distinct(each(faults, "/tags", texts, MAX_TAGS, Tag::parse)?))
}
