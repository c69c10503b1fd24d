//! What the operator says of providers and agents.

use std::fmt;

use crate::agent::AiSettings;

/// Reads providers and agents from where the operator keeps them; again at each reload.
pub trait AiSource: Send + Sync {
    /// What stands there now.
    ///
    /// # Errors
    /// Every fault at once.
    fn load(&self) -> Result<AiSettings, AiConfigFaults>;
}

/// What is wrong, each fault with its place and what would be right. No text of it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AiConfigFaults {
    /// The file, or the variable, that is wrong.
    pub place: String,
    /// The faults, a sentence each; never empty.
    pub faults: Vec<String>,
}

impl fmt::Display for AiConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        write!(f, "{} has {count} {}:", self.place, if count == 1 { "fault" } else { "faults" })?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for AiConfigFaults {}
