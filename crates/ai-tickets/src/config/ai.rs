//! Providers and agents: `ai_config.yaml`, or what the plain keys say where there is none.

mod entries;
mod file;
mod preset;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use atc_core::{
    agent::{AiSettings, ApiKey},
    ports::{AiConfigFaults, AiSource},
};
use serde_saphyr::options;

use self::{entries::AiFile, preset::Preset};
use super::{
    Source,
    fault::{Noted, Reader},
    parse,
};

/// Where the file is looked for, where nobody says.
const USUAL_FILE: &str = "ai_config.yaml";
/// The most bytes of the file.
const MOST_BYTES: u64 = 1024 * 1024;

/// Where providers and agents are described. The file is read again at each reload; the environment never.
#[derive(Clone)]
pub struct Ai {
    /// The file, and whether somebody named it: then it must be there.
    file: PathBuf,
    named: bool,
    /// What the file may name keys of.
    variables: BTreeMap<String, String>,
    preset: Preset,
}

impl std::fmt::Debug for Ai {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ai").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Ai {
    pub(super) fn read(r: &mut Reader<'_>, source: &Source) -> Result<Self, Noted> {
        let file = r.optional("AI_CONFIG", "./ai_config.yaml", parse::path);
        let preset = Preset::read(r);
        let file = file?;
        Ok(Self {
            named: file.is_some(),
            file: file.unwrap_or_else(|| PathBuf::from(USUAL_FILE)),
            variables: source.variables().clone(),
            preset: preset?,
        })
    }

    fn text(&self) -> Result<Option<String>, String> {
        let size = match fs::metadata(&self.file) {
            Ok(found) => found.len(),
            Err(_) if !self.named => return Ok(None),
            Err(e) => return Err(format!("The file cannot be read: {e}.")),
        };
        if size > MOST_BYTES {
            return Err(format!("The file is larger than {MOST_BYTES} bytes."));
        }
        let text = fs::read_to_string(&self.file);
        text.map(Some).map_err(|e| format!("The file cannot be read: {e}."))
    }
}

impl AiSource for Ai {
    fn load(&self) -> Result<AiSettings, AiConfigFaults> {
        let text = self.text().map_err(|fault| faults(&self.file, vec![fault]))?;
        let Some(text) = text else { return Ok(self.preset.settings()) };
        let options = options! { with_snippet: false };
        let file: Option<AiFile> = serde_saphyr::from_str_with_options(&text, options)
            .map_err(|e| faults(&self.file, vec![sentence(&e.to_string())]))?;
        let key = |name: &str| self.variables.get(name).and_then(|text| ApiKey::parse(text));
        let presets = |kind| self.preset.base_url(kind);
        file.unwrap_or_default().settings(&key, &presets).map_err(|found| faults(&self.file, found))
    }
}

/// An administrator sees the faults over HTTP too, where no path of this machine is shown.
fn faults(file: &Path, faults: Vec<String>) -> AiConfigFaults {
    let name = file.file_name().unwrap_or(file.as_os_str());
    AiConfigFaults { place: name.to_string_lossy().into_owned(), faults }
}

fn sentence(text: &str) -> String {
    let text = text.lines().next().unwrap_or_default().trim_end_matches('.');
    format!("{text}.")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use atc_core::agent::{AgentName, ProviderKind};

    use super::*;

    fn load(text: &str) -> Result<AiSettings, AiConfigFaults> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ai.yaml");
        fs::write(&file, text).unwrap();
        let variables = [("OPENAI_API_KEY", "sk-1"), ("ANTHROPIC_API_KEY", "sk-2")];
        let variables = variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        Ai { file, named: true, variables, preset: Preset::default() }.load()
    }

    /// The form in which the system was first described.
    const DESCRIBED: &str = r#"
ai_providers:
  openai:
    api_key_env: "OPENAI_API_KEY"
    models:
      - gpt-4o-mini
      - gpt-3.5-turbo
  anthropic:
    api_key_env: "ANTHROPIC_API_KEY"
    models:
      - claude-3-sonnet-20240229

agents:
  customer_support_agent:
    model_provider: "openai"
    model_name: "gpt-4o-mini"
    temperature: 0.7
    system_prompt: "You are a helpful customer support agent..."

  categorization_agent:
    model_provider: "anthropic"
    model_name: "claude-3-sonnet-20240229"
    temperature: 0.3
"#;

    #[test]
    fn the_described_form_is_taken_as_it_stands() {
        let settings = load(DESCRIBED).unwrap();
        let names: Vec<_> = settings.providers.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["anthropic", "openai"]);
        assert_eq!(settings.providers[1].kind, ProviderKind::OpenAi);
        assert_eq!(settings.providers[1].key, ApiKey::parse("sk-1"));
        assert!(settings.providers[1].redact);
        let support = &settings.agents[&AgentName::CustomerSupport];
        assert_eq!(support.chain[0].to_string(), "openai/gpt-4o-mini");
        assert_eq!(support.temperature, Some(0.7));
        assert!(support.instructions.as_deref().unwrap().starts_with("You are a helpful"));
        let other = &settings.agents[&AgentName::Categorization];
        assert_eq!(other.chain[0].to_string(), "anthropic/claude-3-sonnet-20240229");
    }

    #[test]
    fn everything_can_be_said() {
        let settings = load(
            r"
ai_providers:
  house:
    kind: compatible
    base_url: http://localhost:11434/v1
    models:
      - name: llama3.1
        input_price: 0.5
        output_price: 1.5
    timeout_s: 5
    max_retries: 0
    max_concurrent: 2
    redact: false
  openai:
    api_key_env: OPENAI_API_KEY
agents:
  categorization:
    model_provider: house
    model_name: llama3.1
    fallback: [openai/gpt-5-mini]
    shadow: {model: openai/gpt-5, system_prompt: Be brief.}
    max_tokens: 300
    deadline_s: 8
    max_steps: 3
    tools: [search_tickets]
    budget: {tokens_per_day: 1000000, cost_per_day: 2.5}
budget: {cost_per_day: 10}
user_budget: {tokens_per_day: 50000}
",
        )
        .unwrap();
        let house = settings.providers.iter().find(|p| p.name.as_str() == "house").unwrap();
        assert_eq!(house.kind, ProviderKind::Compatible);
        assert_eq!(
            (house.timeout, house.max_retries, house.max_concurrent),
            (Duration::from_secs(5), 0, 2)
        );
        assert!(!house.redact && house.key.is_none());
        let agent = &settings.agents[&AgentName::Categorization];
        let chain: Vec<_> = agent.chain.iter().map(ToString::to_string).collect();
        assert_eq!(chain, ["house/llama3.1", "openai/gpt-5-mini"]);
        assert_eq!(agent.budget.cost_micros, Some(2_500_000));
        assert_eq!(agent.shadow.as_ref().unwrap().model.to_string(), "openai/gpt-5");
        let price = settings.prices[&agent.chain[0]];
        assert_eq!((price.input_micros, price.output_micros), (500_000, 1_500_000));
        assert_eq!(settings.user_budget.tokens, Some(50_000));
    }

    #[test]
    fn all_faults_are_named_each_with_its_place() {
        let found = load(
            r"
ai_providers:
  Bad Name: {}
  house: {kind: compatible}
  typo: {kind: compatible, base_url: 'ftp://x', max_retries: 99}
  openai: {api_key_env: OPENAI_API_KEY, models: [gpt-5-mini]}
agents:
  customer_support_agent: {model_provider: openai, model_name: gpt-9, temperature: 7, tools: [create_ticket, transcribe_audio, crm__find, launch]}
  categorization_agent: {model_provider: nobody, model_name: x}
  sales_agent: {model_provider: openai, model_name: gpt-5-mini}
",
        )
        .unwrap_err();
        let text = found.to_string();
        for part in [
            "ai_providers.Bad Name",
            "ai_providers.house.base_url",
            "ai_providers.typo.base_url",
            "ai_providers.typo.max_retries",
            "agents.customer_support_agent.model_name",
            "agents.customer_support_agent.temperature",
            "agents.customer_support_agent.tools: There is no tool launch.",
            "agents.categorization_agent.model_provider",
            "agents.sales_agent",
        ] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }

    #[test]
    fn what_is_no_yaml_or_no_such_key_is_told_with_its_line() {
        for (text, part) in [
            ("ai_providers: [", "line 1"),
            ("ai_providers:\n  openai:\n    api_key: x\n", "api_key"),
            ("agent: {}", "agent"),
            ("ai_providers:\n  openai:\n    models: [{name: x, max_tokens: 9}]\n", "`max_tokens`"),
            ("ai_providers:\n  openai:\n    models: [[x]]\n", "the name of a model"),
        ] {
            let found = load(text).unwrap_err().to_string();
            assert!(found.contains(part), "{found}");
        }
        assert_eq!(load("").unwrap(), AiSettings::default());
    }
}
