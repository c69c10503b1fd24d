//! What the plain keys say, where there is no `ai_config.yaml`: a key is enough.

use atc_core::agent::{AgentName, AiSettings, ApiKey, ModelRef, ProviderKind, ProviderName};
use url::Url;

use super::file::{usual_agent, usual_provider};
use crate::config::fault::{Noted, Reader};

/// What the plain keys say of the two vendors.
#[derive(Clone, Default)]
pub(super) struct Preset {
    openai: Vendor,
    anthropic: Vendor,
}

#[derive(Clone, Default)]
struct Vendor {
    key: Option<ApiKey>,
    base_url: Option<String>,
    model: String,
}

impl Preset {
    pub fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let openai = Vendor {
            key: r.optional("OPENAI_API_KEY", "sk-…", key).unwrap_or_default(),
            base_url: r
                .optional("OPENAI_BASE_URL", "https://api.openai.com/v1", address)
                .unwrap_or_default(),
            model: r.required("OPENAI_MODEL", "gpt-5-mini", model)?,
        };
        let anthropic = Vendor {
            key: r.optional("ANTHROPIC_API_KEY", "sk-ant-…", key).unwrap_or_default(),
            base_url: r
                .optional("ANTHROPIC_BASE_URL", "https://api.anthropic.com", address)
                .unwrap_or_default(),
            model: r.required("ANTHROPIC_MODEL", "claude-haiku-4-5", model)?,
        };
        Ok(Self { openai, anthropic })
    }

    /// The address that a plain key says for a vendor.
    pub fn base_url(&self, kind: ProviderKind) -> Option<String> {
        match kind {
            ProviderKind::OpenAi => self.openai.base_url.clone(),
            ProviderKind::Anthropic => self.anthropic.base_url.clone(),
            ProviderKind::Compatible => None,
        }
    }

    /// Both agents use whoever has a key, or an address of a server of one's own; `OpenAI`'s first.
    pub fn settings(&self) -> AiSettings {
        let mut settings = AiSettings::default();
        let mut chain = Vec::new();
        let vendors = [
            ("openai", ProviderKind::OpenAi, &self.openai),
            ("anthropic", ProviderKind::Anthropic, &self.anthropic),
        ];
        for (name, kind, vendor) in vendors {
            // A server of one's own may want no key; the vendor's does.
            let own = vendor.key.is_none() && vendor.base_url.is_some();
            if vendor.key.is_none() && !(own && kind == ProviderKind::OpenAi) {
                continue;
            }
            let kind = if own { ProviderKind::Compatible } else { kind };
            let Ok(name) = ProviderName::parse(name) else { continue };
            let (url, key) = (vendor.base_url.clone(), vendor.key.clone());
            settings.providers.push(usual_provider(name.clone(), kind, url, key));
            chain.push(ModelRef { provider: name, model: vendor.model.clone() });
        }
        if !chain.is_empty() {
            for agent in AgentName::ALL {
                settings.agents.insert(agent, usual_agent(chain.clone()));
            }
        }
        settings
    }
}

fn key(text: &str) -> Result<ApiKey, String> {
    ApiKey::parse(text)
        .ok_or_else(|| "is no key: it has spaces or characters beyond ASCII".to_owned())
}

fn model(text: &str) -> Result<String, String> {
    let legal = text.len() <= 200 && text.bytes().all(|b| b.is_ascii_graphic());
    if legal { Ok(text.to_owned()) } else { Err("is no name of a model".to_owned()) }
}

fn address(text: &str) -> Result<String, String> {
    let legal = Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
    });
    if legal {
        Ok(text.to_owned())
    } else {
        Err("is no address that begins with https://".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_enough_and_a_server_of_ones_own_needs_none() {
        assert_eq!(Preset::default().settings(), AiSettings::default());
        let with = |key: Option<&str>, url: Option<&str>| {
            let openai = Vendor {
                key: key.and_then(ApiKey::parse),
                base_url: url.map(str::to_owned),
                model: "m".to_owned(),
            };
            Preset { openai, anthropic: Vendor::default() }.settings()
        };
        let keyed = with(Some("sk-1"), None);
        assert_eq!(keyed.agents.len(), 2);
        assert!(keyed.providers[0].redact);
        let own = with(None, Some("http://localhost:11434/v1"));
        assert_eq!(own.providers[0].kind, ProviderKind::Compatible);
        assert!(!own.providers[0].redact);
    }
}
