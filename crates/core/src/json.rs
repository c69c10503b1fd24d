//! JSON that is carried, not looked into.

/// The text of one valid JSON value. Whoever makes one has parsed or rendered it; whoever receives
/// one may embed it in a larger document as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawJson(String);

impl RawJson {
    /// Takes a text that is known to be valid JSON.
    #[must_use]
    pub fn trusted(json: String) -> Self {
        Self(json)
    }

    /// An object without members.
    #[must_use]
    pub fn empty_object() -> Self {
        Self("{}".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}
