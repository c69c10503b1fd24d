//! Which providers and agents are in force; a reload changes them as a whole.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use atc_core::{
    agent::{
        AgentName, AgentSettings, AiSettings, ApiKey, ModelRef, Price, Provider, ProviderName,
    },
    chat::{ChatError, Usage},
    ports::{AiSource, ChatModel, ChatModels},
};

/// A micro of money for a million tokens.
const TOKENS_PER_PRICE: u128 = 1_000_000;

/// Providers and agents, and where they come from.
pub(crate) struct Agents {
    pub source: Arc<dyn AiSource>,
    models: Arc<dyn ChatModels>,
    loaded: RwLock<Arc<Loaded>>,
}

/// What is in force.
#[derive(Default)]
pub(crate) struct Loaded {
    pub settings: AiSettings,
    pub providers: BTreeMap<ProviderName, Connected>,
}

/// A provider with its connection.
#[derive(Clone)]
pub(crate) struct Connected {
    pub provider: Provider,
    /// The key in use: a sealed one comes before that of the environment.
    key: Option<ApiKey>,
    pub key_is_sealed: bool,
    pub model: Arc<dyn ChatModel>,
}

impl Connected {
    /// Whether there is a key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }
}

impl Agents {
    /// Nothing is configured until the first [`Agents::install`].
    pub fn new(source: Arc<dyn AiSource>, models: Arc<dyn ChatModels>) -> Self {
        Self { source, models, loaded: RwLock::default() }
    }

    /// What is in force now.
    pub fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts settings into force. A provider whose settings and key are the same keeps its connection and
    /// what it knows of the other side.
    ///
    /// # Errors
    /// When a provider's address cannot be one; then everything stays as it was.
    pub fn install(
        &self,
        settings: AiSettings,
        mut sealed: BTreeMap<ProviderName, ApiKey>,
    ) -> Result<(), ChatError> {
        let before = self.current();
        let mut providers = BTreeMap::new();
        for provider in &settings.providers {
            let sealed = sealed.remove(&provider.name);
            let key_is_sealed = sealed.is_some();
            let key = sealed.or_else(|| provider.key.clone());
            let kept = before
                .providers
                .get(&provider.name)
                .filter(|old| old.provider == *provider && old.key == key);
            let model = match kept {
                Some(old) => Arc::clone(&old.model),
                None => self.models.connect(provider, key.clone())?,
            };
            let connected = Connected { provider: provider.clone(), key, key_is_sealed, model };
            providers.insert(provider.name.clone(), connected);
        }
        let loaded = Arc::new(Loaded { settings, providers });
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(())
    }
}

impl Loaded {
    /// An agent that has at least one model.
    pub fn agent(&self, name: AgentName) -> Option<&AgentSettings> {
        self.settings.agents.get(&name).filter(|agent| !agent.chain.is_empty())
    }

    /// What a call cost, in millionths of the currency unit; 0 where no price is known.
    pub fn cost_micros(&self, model: &ModelRef, usage: Usage) -> u64 {
        let price = self.settings.prices.get(model).copied().unwrap_or_default();
        let Price { input_micros, output_micros } = price;
        let all = u128::from(input_micros) * u128::from(usage.input_tokens)
            + u128::from(output_micros) * u128::from(usage.output_tokens);
        u64::try_from(all.div_ceil(TOKENS_PER_PRICE)).unwrap_or(u64::MAX)
    }
}
