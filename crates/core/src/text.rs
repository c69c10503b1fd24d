//! Text that a person typed, with its bounds. A value of these types is always legal.

use serde::{Deserialize, Serialize};

/// Why a text was refused; the sentence is fit for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Fewer characters than the least.
    #[error("This must not be empty.")]
    Empty,
    /// More characters than the most.
    #[error("At most {max} characters are allowed; this has {len}.")]
    TooLong {
        /// The most that is allowed.
        max: usize,
        /// What came.
        len: usize,
    },
    /// U+0000, which no database column or terminal carries faithfully.
    #[error("The character U+0000 (NUL) is not allowed.")]
    Nul,
    /// A line break or another control character where only one line fits.
    #[error("Line breaks and control characters are not allowed here.")]
    Control,
}

/// What a kind of text allows.
struct Rule {
    min: usize,
    max: usize,
    one_line: bool,
}

fn check(text: &str, rule: &Rule) -> Result<(), TextError> {
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    // Bytes bound characters from above, so that long legal text is counted once at most.
    let len = if text.len() <= rule.max { text.len() } else { text.chars().count() };
    if len > rule.max {
        return Err(TextError::TooLong { max: rule.max, len });
    }
    if rule.min > 0 && text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    if rule.one_line && text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    Ok(())
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $min:literal ..= $max:literal $(, $one_line:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The most characters (Unicode scalar values) that it holds.
            pub const MAX: usize = $max;

            /// Takes the text if it is within the bounds.
            ///
            /// # Errors
            /// Says which bound is broken.
            pub fn parse(text: impl Into<String>) -> Result<Self, TextError> {
                let text = text.into();
                let rule = Rule { min: $min, max: $max, one_line: texts!(@flag $($one_line)?) };
                check(&text, &rule)?;
                Ok(Self(text))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }

            /// The text itself, owned.
            #[must_use]
            pub fn into_string(self) -> String { self.0 }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> { Self::parse(text) }
        }

        impl From<$name> for String { fn from(text: $name) -> String { text.0 } }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) }
        }
    )*};
    (@flag) => { false };
    (@flag one_line) => { true };
}

texts! {
    /// A ticket's or an article's title.
    Title, 1..=200, one_line;
    /// A ticket's description; may be empty.
    Description, 0..=50_000;
    /// What a person wrote in plain words to have a ticket made of it.
    PlainText, 1..=50_000;
    /// The body of a comment.
    CommentBody, 1..=50_000;
    /// The body of an article, in Markdown.
    ArticleBody, 1..=200_000;
    /// A person's name.
    FullName, 1..=200, one_line;
    /// The name of a category, a team or a token.
    Name, 1..=100, one_line;
    /// What a category is for.
    CategoryDescription, 0..=2_000;
    /// A sentence that belongs in a category.
    Example, 1..=2_000;
    /// A word that groups tickets or articles.
    Tag, 1..=40, one_line;
    /// An identity that another system gave to a ticket.
    ExternalId, 1..=200, one_line;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_count_characters_not_bytes() {
        assert!(Title::parse("ß".repeat(200)).is_ok());
        assert_eq!(Title::parse("ß".repeat(201)), Err(TextError::TooLong { max: 200, len: 201 }));
    }

    #[test]
    fn blank_nul_and_line_breaks_are_refused() {
        assert_eq!(Title::parse(" \t"), Err(TextError::Empty));
        assert_eq!(Title::parse("a\0b"), Err(TextError::Nul));
        assert_eq!(Title::parse("a\nb"), Err(TextError::Control));
        assert!(Description::parse("").is_ok());
        assert!(Description::parse("a\nb").is_ok());
    }
}
