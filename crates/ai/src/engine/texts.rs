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
            let shown = title.trim_end_matches(['…', '.']);
            if body.starts_with(shown) { body.to_owned() } else { format!("{title}\n{body}") }
        }
    }
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
        assert_eq!(whole_of(Some("It fails"), ""), "It fails");
        assert_eq!(whole_of(None, " x "), "x");
    }
}
