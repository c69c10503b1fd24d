//! The agents, and the providers and models behind them: what `ai_config.yaml` says, once it was read.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// The agents there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentName {
    /// Says what kind of thing a ticket is, and how pressing.
    Categorization,
    /// Makes tickets from plain words and talks with people.
    CustomerSupport,
}

impl AgentName {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Categorization, Self::CustomerSupport];

    /// The name in the API, in the ledger and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerSupport => "customer_support",
            Self::Categorization => "categorization",
        }
    }

    /// The agent of that name; the form that ends in `_agent` is understood.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix("_agent").unwrap_or(text);
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of the embedded engine where a chain or an answer names a provider. It is always last.
pub const EMBEDDED: &str = "local";

/// The name of a provider: 1 to 40 lower-case letters, digits, `_` and `-`; not [`EMBEDDED`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderName(String);

/// The text is no name of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "A provider's name is 1 to 40 lower-case letters, digits, _ and -; `local` is the embedded engine."
)]
pub struct ProviderNameError;

impl ProviderName {
    /// Takes the text if it is a name.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: impl Into<String>) -> Result<Self, ProviderNameError> {
        let text = text.into();
        let legal =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        let fits = (1..=40).contains(&text.len()) && text.bytes().all(legal) && text != EMBEDDED;
        if fits { Ok(Self(text)) } else { Err(ProviderNameError) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProviderName {
    type Error = ProviderNameError;

    fn try_from(text: String) -> Result<Self, ProviderNameError> {
        Self::parse(text)
    }
}

impl From<ProviderName> for String {
    fn from(name: ProviderName) -> Self {
        name.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of a provider. It is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key: one line of visible ASCII, as a header carries it; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let legal = (1..=4096).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        legal.then(|| Self(text.to_owned()))
    }

    /// The key itself, for the call and for sealing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Which API a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// OpenAI's chat completions at OpenAI.
    #[serde(rename = "openai")]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// OpenAI's chat completions at another server: Ollama, llama.cpp, vLLM.
    Compatible,
}

impl ProviderKind {
    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Compatible => "compatible",
        }
    }
}

/// A provider of language models.
#[derive(Debug, Clone, PartialEq)]
pub struct Provider {
    /// Its name here.
    pub name: ProviderName,
    /// Which API it speaks.
    pub kind: ProviderKind,
    /// Where: up to and with the version, as in `http://localhost:11434/v1`; `None`: where the vendor serves.
    pub base_url: Option<String>,
    /// The key that the environment gave, under the variable that the configuration names.
    pub key: Option<ApiKey>,
    /// How long one call may take, retries not counted.
    pub timeout: Duration,
    /// How often a call that failed for a passing reason is made again.
    pub max_retries: u8,
    /// The most calls at the same time; more wait, as long as their time lasts.
    pub max_concurrent: u16,
    /// Whether secrets, card and identity numbers are masked before the provider sees a text.
    pub redact: bool,
}

/// One model of one provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelRef {
    /// Whose.
    pub provider: ProviderName,
    /// Which, by the provider's name for it.
    pub model: String,
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// What a model costs, in millionths of the currency unit for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Price {
    /// Of what is read.
    pub input_micros: u64,
    /// Of what is written.
    pub output_micros: u64,
}

/// The most that may be used in a day (UTC); `None`: no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// Money, in millionths of the currency unit of the prices.
    pub cost_micros: Option<u64>,
}

/// One agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSettings {
    /// The models that are asked, in order; the embedded engine comes after the last.
    pub chain: Vec<ModelRef>,
    /// Runs beside the live one on tickets, without effect; its difference is reported.
    pub shadow: Option<Shadow>,
    /// How freely the models choose.
    pub temperature: Option<f64>,
    /// The most tokens of one answer.
    pub max_tokens: u32,
    /// How long all calls of one task together may take before the embedded engine answers.
    pub deadline: Duration,
    /// What the administrator adds to the instructions of the agent.
    pub instructions: Option<String>,
    /// The tools it may use; `None`: all.
    pub tools: Option<Vec<String>>,
    /// The most rounds of calling tools in one task.
    pub max_steps: u8,
    /// What it may use a day.
    pub budget: Budget,
}

/// A candidate that runs beside the live agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Shadow {
    /// The model.
    pub model: ModelRef,
    /// Other instructions than the live ones.
    pub instructions: Option<String>,
}

/// Everything that `ai_config.yaml` says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AiSettings {
    /// The providers, by name.
    pub providers: Vec<Provider>,
    /// What models cost.
    pub prices: BTreeMap<ModelRef, Price>,
    /// The agents that are configured; the others use the embedded engine alone.
    pub agents: BTreeMap<AgentName, AgentSettings>,
    /// What all agents together may use a day.
    pub budget: Budget,
    /// What one person's calls may use a day.
    pub user_budget: Budget,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_found_by_both_of_its_names() {
        for name in AgentName::ALL {
            assert_eq!(AgentName::parse(name.as_str()), Some(name));
            assert_eq!(AgentName::parse(&format!("{name}_agent")), Some(name));
        }
        assert_eq!(AgentName::parse("_agent"), None);
    }

    #[test]
    fn a_key_is_one_line_and_is_not_shown() {
        let key = ApiKey::parse(" sk-hunter2\n").unwrap();
        assert_eq!(key.expose(), "sk-hunter2");
        assert!(!format!("{key:?}").contains("hunter2"));
        for bad in ["", "  ", "a b", "a\nb", "kłucz"] {
            assert_eq!(ApiKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_embedded_engine_is_no_provider() {
        for bad in ["", "local", "Open", "a b", &"x".repeat(41)] {
            assert_eq!(ProviderName::parse(bad), Err(ProviderNameError), "{bad}");
        }
        assert_eq!(ProviderName::parse("llama-cpp_2").unwrap().as_str(), "llama-cpp_2");
    }
}
