//! What a category says of itself, taken apart.

use atc_core::category::{Category, MAX_EXAMPLES};
use unicode_segmentation::UnicodeSegmentation;

/// The most phrases of a category that are embedded, and the most phrases and examples of all: more
/// would make a first reading of the categories slow.
const MAX_PHRASES: usize = 24;
const MAX_OF_ALL: usize = 1_500;
/// So many of a category are embedded however many categories there are.
const AT_LEAST: usize = 8;

/// The name of a category for everything else has one of these words, and no others but these and
/// [`BESIDE_IT`].
const CATCH_ALL: &str =
    "other others misc miscellaneous general uncategorized uncategorised else rest";
const BESIDE_IT: &str = "and or all any anything everything something the a question questions request \
    requests issue issues topic topics inquiry inquiries enquiry enquiries ticket tickets matters";

/// Name and description as one text, without saying the name twice.
pub(super) fn whole_text(category: &Category) -> String {
    let (name, description) = (category.name.as_str().trim(), category.description.as_str().trim());
    let repeated = description.to_lowercase().starts_with(&name.to_lowercase());
    match (description.is_empty(), repeated) {
        (true, _) => name.to_owned(),
        (false, true) => description.to_owned(),
        (false, false) => format!("{name}: {description}"),
    }
}

/// The phrases of the description, and the examples, of one category of so many.
pub(super) fn parts(category: &Category, categories: usize) -> (Vec<String>, Vec<String>) {
    let description = category.description.as_str();
    // What stands before a colon is a heading.
    let body = description.split_once(':').map_or(description, |(_, body)| body);
    let mut phrases: Vec<String> = body
        .split([',', ';', '.', '(', ')', '\n'])
        .flat_map(|part| part.split(" or "))
        .flat_map(|part| part.split(" and "))
        .map(str::trim)
        .filter(|part| part.chars().count() > 2)
        .map(str::to_owned)
        .collect();
    if phrases.is_empty() {
        phrases.push(category.name.as_str().to_owned());
    }
    let most = (MAX_OF_ALL / categories.max(1)).clamp(AT_LEAST, MAX_PHRASES + MAX_EXAMPLES);
    phrases.truncate(MAX_PHRASES.min(most));
    let room = (most - phrases.len()).max(AT_LEAST / 2);
    let examples = category.examples.iter().take(room).map(|e| e.as_str().to_owned()).collect();
    (phrases, examples)
}

/// Whether it is the one for everything else.
pub(super) fn is_catch_all(category: &Category) -> bool {
    let name = category.name.as_str().to_lowercase();
    let among = |words: &str, word: &str| words.split_whitespace().any(|w| w == word);
    let mut words = name.unicode_words();
    let says_so = name.unicode_words().any(|word| among(CATCH_ALL, word));
    says_so && words.all(|word| among(CATCH_ALL, word) || among(BESIDE_IT, word))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use atc_core::{
        category::Slug,
        text::{CategoryDescription, Name},
    };
    use chrono::DateTime;

    pub fn category(name: &str, description: &str) -> Category {
        let slug = name.to_lowercase().replace(' ', "-");
        Category {
            slug: Slug::parse(slug).unwrap(),
            name: Name::parse(name).unwrap(),
            description: CategoryDescription::parse(description).unwrap(),
            examples: Vec::new(),
            team_id: None,
            default_priority: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn what_is_for_everything_else_says_so_by_its_name() {
        for name in ["Other", "Miscellaneous", "General question", "Everything else"] {
            assert!(is_catch_all(&category(name, "")), "{name}");
        }
        for name in ["General ledger", "Other hardware", "Question", "Billing"] {
            assert!(!is_catch_all(&category(name, "")), "{name}");
        }
    }
}
