//! The names of queues and of kinds of jobs.

/// The most characters of a name.
const MOST: usize = 64;

/// The text is not a name: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, the first of them a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first of them a letter")]
pub struct BadName;

fn check(text: &str) -> Result<(), BadName> {
    let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-".contains(&c);
    let begins = text.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
    if begins && text.len() <= MOST && text.bytes().all(legal) { Ok(()) } else { Err(BadName) }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes a legal name.
            ///
            /// # Errors
            /// [`BadName`] for anything else.
            pub fn parse(text: impl Into<String>) -> Result<Self, BadName> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::parse(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// What a job is for, with the version of its payload: `file.process.v1`. A payload that older
    /// programs cannot read is a new kind.
    JobKind;
    /// Where jobs wait. Each queue has places of its own, so that slow work holds up only its like.
    Queue;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["default", "file.process.v1", "a", "x_1-2"] {
            assert_eq!(JobKind::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "1a", ".a", "A", "a b", "a'b", "ä", &"a".repeat(65)] {
            assert_eq!(Queue::parse(bad), Err(BadName), "{bad}");
        }
    }
}
