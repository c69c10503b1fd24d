//! The views of a text that are embedded. Whoever embeds a ticket takes them from here, so that what
//! is indexed is what is searched for.

use atc_core::ports::TriageInput;

use crate::text;

/// Title and text as one; a title that only repeats the beginning of the text is not said twice.
pub(super) fn whole(input: &TriageInput) -> String {
    let body = input.text.trim();
    match input.title.as_deref().map(str::trim) {
        None | Some("") => body.to_owned(),
        Some(title) if body.is_empty() => title.to_owned(),
        Some(title) => {
            if begins_with(body, title) {
                body.to_owned()
            } else {
                format!("{title}\n{body}")
            }
        }
    }
}

/// Whether a text begins with the words of a title, of which the last may have been cut.
fn begins_with(body: &str, title: &str) -> bool {
    let mut title = title.trim_end_matches(['…', '.']).split_whitespace().peekable();
    let mut body = body.split_whitespace();
    while let Some(word) = title.next() {
        let last = title.peek().is_none();
        let same = |said: &str| if last { said.starts_with(word) } else { said == word };
        if !body.next().is_some_and(same) {
            return false;
        }
    }
    true
}

/// The title, or what would be one.
pub(super) fn title(input: &TriageInput) -> String {
    text::title(input.title.as_deref(), &text::clean(&input.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_not_said_twice() {
        let whole_of = |title: Option<&str>, text: &str| {
            whole(&TriageInput { title: title.map(str::to_owned), text: text.to_owned() })
        };
        assert_eq!(whole_of(Some("It fails"), "On every page."), "It fails\nOn every page.");
        assert_eq!(
            whole_of(Some("It fails…"), "It fails on every page."),
            "It fails on every page."
        );
        assert_eq!(
            whole_of(Some("It fails on ev…"), "It fails\n on every page."),
            "It fails\n on every page."
        );
        assert_eq!(whole_of(Some("It fails on"), "It fails"), "It fails on\nIt fails");
        assert_eq!(whole_of(Some("It fails"), ""), "It fails");
        assert_eq!(whole_of(None, " x "), "x");
    }
}
