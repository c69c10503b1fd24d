//! What `ai_config.yaml` means, and what is wrong with it.

use std::{collections::BTreeMap, time::Duration};

use atc_app::assistant_tools;
use atc_core::agent::{
    AgentName, AgentSettings, AiSettings, ApiKey, Budget, ModelRef, Price, Provider, ProviderKind,
    ProviderName, Shadow,
};
use url::Url;

use super::entries::{AgentEntry, AiFile, BudgetEntry, ModelEntry, ProviderEntry};

/// How long a call of a provider may take, where nobody says.
const TIMEOUT_S: u64 = 20;
/// How long a task of an agent may take before the embedded engine answers, where nobody says.
const DEADLINE_S: u64 = 25;
/// How often a call is made again, where nobody says.
const RETRIES: u8 = 2;
/// How many calls of a provider run at the same time, where nobody says.
const CONCURRENT: u16 = 8;
/// How many tokens an answer may have, where nobody says.
const TOKENS: u32 = 1_500;
/// How many rounds of tools a task may take, where nobody says.
const STEPS: u8 = 6;
/// Money is counted in millionths.
const MICROS: f64 = 1e6;

/// Collects what is wrong.
struct Check<'a> {
    faults: Vec<String>,
    key: &'a dyn Fn(&str) -> Option<ApiKey>,
    base_url: &'a dyn Fn(ProviderKind) -> Option<String>,
}

impl AiFile {
    /// What the file means. `key` gives the keys that the environment has, `base_url` the addresses that
    /// the plain keys say for a vendor.
    ///
    /// # Errors
    /// Every fault, with its place.
    pub fn settings(
        self,
        key: &dyn Fn(&str) -> Option<ApiKey>,
        base_url: &dyn Fn(ProviderKind) -> Option<String>,
    ) -> Result<AiSettings, Vec<String>> {
        let mut check = Check { faults: Vec::new(), key, base_url };
        let mut settings = AiSettings {
            budget: check.budget("budget", &self.budget),
            user_budget: check.budget("user_budget", &self.user_budget),
            ..AiSettings::default()
        };
        let mut offered = BTreeMap::new();
        for (name, entry) in self.ai_providers {
            let at = format!("ai_providers.{name}");
            match ProviderName::parse(name) {
                Ok(name) => {
                    check.models(&at, &name, &entry.models, &mut settings.prices);
                    let models: Vec<_> = entry.models.iter().map(|m| m.name().to_owned()).collect();
                    offered.insert(name.clone(), models);
                    settings.providers.extend(check.provider(&at, name, entry));
                }
                Err(e) => check.note(&at, &e.to_string()),
            }
        }
        for (name, entry) in self.agents {
            let at = format!("agents.{name}");
            match AgentName::parse(&name) {
                Some(name) => {
                    let agent = check.agent(&at, entry, &offered);
                    if settings.agents.insert(name, agent).is_some() {
                        check.note(&at, "This agent stands here twice.");
                    }
                }
                None => check
                    .note(&at, "The agents are customer_support_agent and categorization_agent."),
            }
        }
        if check.faults.is_empty() { Ok(settings) } else { Err(check.faults) }
    }
}

impl Check<'_> {
    fn note(&mut self, at: &str, fault: &str) {
        self.faults.push(format!("{at}: {fault}"));
    }

    /// A number within bounds, or what is usual.
    fn number(&mut self, at: &str, name: &str, given: Option<u64>, usual: u64, most: u64) -> u64 {
        let least = u64::from(name != "max_retries");
        let value = given.unwrap_or(usual);
        if !(least..=most).contains(&value) {
            self.note(
                &format!("{at}.{name}"),
                &format!("This is no number from {least} to {most}."),
            );
        }
        value
    }

    fn budget(&mut self, at: &str, entry: &BudgetEntry) -> Budget {
        let cost = entry.cost_per_day.map(|cost| self.micros(&format!("{at}.cost_per_day"), cost));
        Budget { tokens: entry.tokens_per_day, cost_micros: cost }
    }

    fn micros(&mut self, at: &str, money: f64) -> u64 {
        if !(0.0..=1e9).contains(&money) {
            self.note(at, "This is no amount of money.");
            return 0;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 10^15, which is exact"
        )]
        let micros = (money * MICROS).round() as u64;
        micros
    }

    fn models(
        &mut self,
        at: &str,
        provider: &ProviderName,
        entries: &[ModelEntry],
        prices: &mut BTreeMap<ModelRef, Price>,
    ) {
        for entry in entries {
            if !is_model(entry.name()) {
                self.note(
                    &format!("{at}.models"),
                    "A model's name is 1 to 200 visible characters.",
                );
            }
            let ModelEntry::Priced(model) = entry else { continue };
            let at = format!("{at}.models.{}", model.name);
            let mut micros = |name: &str, price: Option<f64>| {
                price.map_or(0, |price| self.micros(&format!("{at}.{name}"), price))
            };
            let price = Price {
                input_micros: micros("input_price", model.input_price),
                output_micros: micros("output_price", model.output_price),
            };
            let model = ModelRef { provider: provider.clone(), model: model.name.clone() };
            prices.insert(model, price);
        }
    }

    fn provider(&mut self, at: &str, name: ProviderName, entry: ProviderEntry) -> Option<Provider> {
        let kind = match entry.kind.as_deref().unwrap_or(name.as_str()) {
            "openai" => ProviderKind::OpenAi,
            "anthropic" => ProviderKind::Anthropic,
            "compatible" | "ollama" | "vllm" | "llamacpp" => ProviderKind::Compatible,
            _ => {
                let fault = "Say which API it speaks: openai, anthropic or compatible.";
                self.note(&format!("{at}.kind"), fault);
                return None;
            }
        };
        let base_url = entry.base_url.or_else(|| (self.base_url)(kind));
        match &base_url {
            Some(url) if !is_address(url) => self.note(
                &format!("{at}.base_url"),
                "This is no address such as http://localhost:11434/v1.",
            ),
            None if kind == ProviderKind::Compatible => self.note(
                &format!("{at}.base_url"),
                "A compatible server needs its address, such as http://localhost:11434/v1.",
            ),
            _ => {}
        }
        let timeout = self.number(at, "timeout_s", entry.timeout_s, TIMEOUT_S, 300);
        let retries = self.number(at, "max_retries", entry.max_retries, RETRIES.into(), 10);
        let concurrent =
            self.number(at, "max_concurrent", entry.max_concurrent, CONCURRENT.into(), 1_000);
        Some(Provider {
            key: entry.api_key_env.as_deref().and_then(self.key),
            redact: entry.redact.unwrap_or_else(|| is_remote(base_url.as_deref())),
            name,
            kind,
            base_url,
            timeout: Duration::from_secs(timeout),
            max_retries: u8::try_from(retries).unwrap_or(u8::MAX),
            max_concurrent: u16::try_from(concurrent).unwrap_or(u16::MAX),
        })
    }

    fn agent(
        &mut self,
        at: &str,
        entry: AgentEntry,
        offered: &BTreeMap<ProviderName, Vec<String>>,
    ) -> AgentSettings {
        let mut chain = Vec::new();
        match (entry.model_provider, entry.model_name) {
            (Some(provider), Some(model)) => {
                chain.extend(self.model(at, "model_provider", &provider, &model, offered));
            }
            (None, None) => {}
            _ => self.note(at, "model_provider and model_name go together."),
        }
        for text in &entry.fallback {
            chain.extend(self.model_text(at, "fallback", text, offered));
        }
        let shadow = entry.shadow.and_then(|shadow| {
            let model = self.model_text(at, "shadow", &shadow.model, offered)?;
            Some(Shadow { model, instructions: shadow.system_prompt })
        });
        if entry.temperature.is_some_and(|t| !(0.0..=2.0).contains(&t)) {
            self.note(&format!("{at}.temperature"), "This is no number from 0 to 2.");
        }
        for name in entry.tools.iter().flatten() {
            self.tool(at, name);
        }
        let tokens = self.number(at, "max_tokens", entry.max_tokens, TOKENS.into(), 100_000);
        let deadline = self.number(at, "deadline_s", entry.deadline_s, DEADLINE_S, 55);
        let steps = self.number(at, "max_steps", entry.max_steps, STEPS.into(), 50);
        AgentSettings {
            chain,
            shadow,
            temperature: entry.temperature,
            max_tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
            deadline: Duration::from_secs(deadline),
            instructions: entry.system_prompt.filter(|text| !text.trim().is_empty()),
            tools: entry.tools,
            max_steps: u8::try_from(steps).unwrap_or(u8::MAX),
            budget: self.budget(&format!("{at}.budget"), &entry.budget),
        }
    }

    /// Notes a name that no tool can have. What only our MCP server has, no agent needs: it is passed over. Which tools
    /// other servers have, is known later.
    fn tool(&mut self, at: &str, name: &str) {
        let mut known = assistant_tools().chain(atc_api::mcp_tools());
        if !name.contains("__") && !known.any(|tool| tool == name) {
            let has = assistant_tools().collect::<Vec<_>>().join(", ");
            let fault =
                format!("There is no tool {name}. An agent has {has}, and server__tool of others.");
            self.note(&format!("{at}.tools"), &fault);
        }
    }

    /// `provider/model`.
    fn model_text(
        &mut self,
        at: &str,
        name: &str,
        text: &str,
        offered: &BTreeMap<ProviderName, Vec<String>>,
    ) -> Option<ModelRef> {
        let Some((provider, model)) = text.split_once('/') else {
            self.note(&format!("{at}.{name}"), "Write it as provider/model.");
            return None;
        };
        self.model(at, name, provider, model, offered)
    }

    fn model(
        &mut self,
        at: &str,
        name: &str,
        provider: &str,
        model: &str,
        offered: &BTreeMap<ProviderName, Vec<String>>,
    ) -> Option<ModelRef> {
        let found = offered.iter().find(|(known, _)| known.as_str() == provider);
        let Some((provider, models)) = found else {
            self.note(
                &format!("{at}.{name}"),
                &format!("There is no provider {provider} in ai_providers."),
            );
            return None;
        };
        if !is_model(model) {
            self.note(
                &format!("{at}.model_name"),
                "A model's name is 1 to 200 visible characters.",
            );
            return None;
        }
        if !models.is_empty() && !models.iter().any(|known| known == model) {
            let fault =
                format!("{model} is none of the models of {provider}: {}.", models.join(", "));
            self.note(&format!("{at}.model_name"), &fault);
            return None;
        }
        Some(ModelRef { provider: provider.clone(), model: model.to_owned() })
    }
}

fn is_model(name: &str) -> bool {
    (1..=200).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic())
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

/// Whether texts leave this machine.
pub(super) fn is_remote(base_url: Option<&str>) -> bool {
    let Some(url) = base_url.and_then(|text| Url::parse(text).ok()) else { return true };
    match url.host() {
        Some(url::Host::Domain(name)) => name != "localhost",
        Some(url::Host::Ipv4(address)) => !address.is_loopback(),
        Some(url::Host::Ipv6(address)) => !address.is_loopback(),
        None => true,
    }
}

/// A provider with everything else as usual.
pub(super) fn usual_provider(
    name: ProviderName,
    kind: ProviderKind,
    base_url: Option<String>,
    key: Option<ApiKey>,
) -> Provider {
    Provider {
        redact: is_remote(base_url.as_deref()),
        name,
        kind,
        base_url,
        key,
        timeout: Duration::from_secs(TIMEOUT_S),
        max_retries: RETRIES,
        max_concurrent: CONCURRENT,
    }
}

/// An agent with this chain and everything else as usual.
pub(super) fn usual_agent(chain: Vec<ModelRef>) -> AgentSettings {
    AgentSettings {
        chain,
        shadow: None,
        temperature: None,
        max_tokens: TOKENS,
        deadline: Duration::from_secs(DEADLINE_S),
        instructions: None,
        tools: None,
        max_steps: STEPS,
        budget: Budget::default(),
    }
}
