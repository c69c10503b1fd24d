//! Putting providers and agents into force: at the start, at a reload, when a key is given.

use std::collections::BTreeMap;

use atc_core::{
    Ctx, Error, Result,
    agent::{AgentName, ApiKey, ModelRef, ProviderKind, ProviderName},
    ports::{ProviderStatus, Wake},
};

use crate::App;

/// Providers and agents as they are in force.
#[derive(Debug, Clone, PartialEq)]
pub struct AiOverview {
    /// The providers.
    pub providers: Vec<ProviderOverview>,
    /// The agents that ask language models.
    pub agents: Vec<AgentOverview>,
}

/// A provider; its key is not shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderOverview {
    /// Its name.
    pub name: ProviderName,
    /// Which API it speaks.
    pub kind: ProviderKind,
    /// Where; `None`: where the vendor serves.
    pub base_url: Option<String>,
    /// Whether there is a key.
    pub has_key: bool,
    /// Whether it was given by an administrator, not by the environment.
    pub key_is_sealed: bool,
    /// Whether texts are masked before it sees them.
    pub redact: bool,
    /// How it fares.
    pub status: ProviderStatus,
}

/// An agent and the models that it asks, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentOverview {
    /// Its name.
    pub name: AgentName,
    /// Its models; the embedded engine comes after them.
    pub chain: Vec<ModelRef>,
    /// The model that runs beside it without effect.
    pub shadow: Option<ModelRef>,
}

impl App {
    /// Reads what the operator says of providers and agents, and puts it into force in this process.
    ///
    /// # Errors
    /// Conflict, with every fault, when what stands there cannot be used; then everything stays as it was.
    pub async fn load_agents(&self) -> Result<()> {
        let settings = self.agents.source.load().map_err(|faults| {
            Error::conflict(format!("Nothing was changed: {faults}")).with_source(faults)
        })?;
        let sealed = self.sealed_keys().await?;
        self.agents
            .install(settings, sealed)
            .map_err(|e| Error::conflict(format!("Nothing was changed: {e}")).with_source(e))
    }

    /// The same for an administrator: here at once, and in the other processes right after, each from its
    /// own file.
    ///
    /// # Errors
    /// As [`App::load_agents`].
    pub async fn reload_agents(&self) -> Result<AiOverview> {
        self.load_agents().await?;
        tracing::info!("providers and agents were read again");
        self.wake(Wake::Agents);
        Ok(self.ai_overview())
    }

    /// Reads it again because another process says so, or unasked.
    ///
    /// # Errors
    /// As [`App::load_agents`].
    pub(crate) async fn follow_agents(&self) -> Result<()> {
        self.load_agents().await
    }

    /// Gives a provider its key, sealed; it comes before that of the environment.
    ///
    /// # Errors
    /// Not found when no such provider is configured.
    pub async fn set_provider_key(
        &self,
        ctx: &Ctx,
        name: &ProviderName,
        key: &ApiKey,
    ) -> Result<AiOverview> {
        self.check_provider(name)?;
        let row = name.as_str().as_bytes();
        let sealed =
            self.provider_key_sealer.seal(self.entropy.as_ref(), row, key.expose().as_bytes())?;
        let tx = self.store.begin().await?;
        tx.provider_keys().set(name, sealed, ctx.caller.user_id, ctx.now).await?;
        tx.commit().await?;
        tracing::info!(provider = %name, by = %ctx.caller.user_id, "a provider's key was given");
        self.reload_agents().await
    }

    /// Forgets the key that an administrator gave.
    ///
    /// # Errors
    /// Not found when there is none.
    pub async fn delete_provider_key(&self, ctx: &Ctx, name: &ProviderName) -> Result<()> {
        let tx = self.store.begin().await?;
        if !tx.provider_keys().delete(name).await? {
            return Err(Error::not_found("key of a provider"));
        }
        tx.commit().await?;
        tracing::info!(provider = %name, by = %ctx.caller.user_id, "a provider's key was forgotten");
        self.reload_agents().await?;
        Ok(())
    }

    /// Providers and agents as they are in force in this process.
    #[must_use]
    pub fn ai_overview(&self) -> AiOverview {
        let loaded = self.agents.current();
        let providers = loaded.providers.values().map(|connected| ProviderOverview {
            name: connected.provider.name.clone(),
            kind: connected.provider.kind,
            base_url: connected.provider.base_url.clone(),
            has_key: connected.has_key(),
            key_is_sealed: connected.key_is_sealed,
            redact: connected.provider.redact,
            status: connected.model.status(),
        });
        let agents = loaded.settings.agents.iter().map(|(name, agent)| AgentOverview {
            name: *name,
            chain: agent.chain.clone(),
            shadow: agent.shadow.as_ref().map(|shadow| shadow.model.clone()),
        });
        AiOverview { providers: providers.collect(), agents: agents.collect() }
    }

    fn check_provider(&self, name: &ProviderName) -> Result<()> {
        if self.agents.current().providers.contains_key(name) {
            Ok(())
        } else {
            Err(Error::not_found("provider"))
        }
    }

    async fn sealed_keys(&self) -> Result<BTreeMap<ProviderName, ApiKey>> {
        let mut keys = BTreeMap::new();
        for (name, sealed) in self.store.provider_keys().all().await? {
            let opened = self.provider_key_sealer.open(name.as_str().as_bytes(), &sealed)?;
            let key = std::str::from_utf8(&opened).ok().and_then(ApiKey::parse);
            let key = key.ok_or_else(|| Error::internal("a sealed key is no key"))?;
            keys.insert(name, key);
        }
        Ok(keys)
    }
}
