//! The form of `ai_config.yaml`, as it is written. `docs/agents.md` describes it.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AiFile {
    pub ai_providers: BTreeMap<String, ProviderEntry>,
    pub agents: BTreeMap<String, AgentEntry>,
    pub budget: BudgetEntry,
    pub user_budget: BudgetEntry,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProviderEntry {
    pub kind: Option<String>,
    pub api_key_env: Option<String>,
    pub base_url: Option<String>,
    pub models: Vec<ModelEntry>,
    pub timeout_s: Option<u64>,
    pub max_retries: Option<u64>,
    pub max_concurrent: Option<u64>,
    pub redact: Option<bool>,
}

/// A model: its name, or more of it.
#[derive(Debug)]
pub(super) enum ModelEntry {
    Name(String),
    Priced(PricedModel),
}

impl ModelEntry {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Priced(model) => &model.name,
        }
    }
}

/// By hand, because serde's `untagged` forgets what is wrong with an entry.
impl<'de> Deserialize<'de> for ModelEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrMore;

        impl<'de> Visitor<'de> for NameOrMore {
            type Value = ModelEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a model, or its name and prices")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ModelEntry, E> {
                Ok(ModelEntry::Name(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ModelEntry, A::Error> {
                PricedModel::deserialize(MapAccessDeserializer::new(map)).map(ModelEntry::Priced)
            }
        }

        deserializer.deserialize_any(NameOrMore)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PricedModel {
    pub name: String,
    /// For a million tokens that are read.
    pub input_price: Option<f64>,
    /// For a million tokens that are written.
    pub output_price: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AgentEntry {
    pub model_provider: Option<String>,
    pub model_name: Option<String>,
    pub fallback: Vec<String>,
    pub shadow: Option<ShadowEntry>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u64>,
    #[serde(alias = "timeout")]
    pub deadline_s: Option<u64>,
    pub system_prompt: Option<String>,
    #[serde(alias = "tools_enabled")]
    pub tools: Option<Vec<String>>,
    pub max_steps: Option<u64>,
    pub budget: BudgetEntry,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShadowEntry {
    pub model: String,
    pub system_prompt: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BudgetEntry {
    pub tokens_per_day: Option<u64>,
    pub cost_per_day: Option<f64>,
}
