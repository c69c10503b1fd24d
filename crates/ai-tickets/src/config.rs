//! The configuration: read once, at the start, into types that hold legal values only.
//!
//! `config/default.toml` holds every key with its default and its meaning. Here a key is turned from
//! text into a value; whatever is wrong with any of them is told at once.

mod accounts;
mod ai;
mod assistant;
mod database;
mod fault;
mod files;
mod logs;
mod mcp;
mod outgoing;
mod parse;
mod server;
mod source;
mod traces;
mod triage;

pub use accounts::Accounts;
pub use ai::Ai;
pub use database::{Database, url as database_url};
pub use fault::{Faults, shown};
pub use files::Files;
pub use logs::Logs;
pub use mcp::Mcp;
pub use outgoing::Outgoing;
pub use server::{Environment, Server, SidePort};
pub use source::Source;
pub use traces::Traces;
pub use triage::Triage;

use std::path::PathBuf;

use fault::{Noted, Reader};

/// Everything that the program was told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The HTTP server.
    pub server: Server,
    /// The MCP server.
    pub mcp: Mcp,
    /// The log.
    pub logs: Logs,
    /// Traces; `None` where they are sent nowhere.
    pub traces: Option<Traces>,
    /// Where this installation keeps what it writes.
    pub data_dir: PathBuf,
    /// Where the local models are.
    pub models_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// Redis, where there is one.
    pub redis_url: Option<String>,
    /// People and secrets.
    pub accounts: Accounts,
    /// Files.
    pub files: Files,
    /// Calls to other systems.
    pub outgoing: Outgoing,
    /// Reading texts, and the work in the background.
    pub triage: Triage,
    /// Where providers of language models and agents are described.
    pub ai: Ai,
    /// Conversations with the customer support agent.
    pub assistant: atc_app::AssistantBounds,
}

impl Settings {
    /// Turns the texts into values.
    ///
    /// # Errors
    /// Every fault of every key.
    pub fn read(source: &Source) -> Result<Self, Faults> {
        let mut reader = Reader::new(source);
        let settings = Self::read_all(&mut reader, source);
        reader.finish(settings)
    }

    /// Each family is read to its end before the first fault counts.
    fn read_all(reader: &mut Reader<'_>, source: &Source) -> Result<Self, Noted> {
        let server = Server::read(reader);
        let mcp = Mcp::read(reader);
        let logs = Logs::read(reader);
        let traces = Traces::read(reader);
        let data_dir = reader.required("DATA_DIR", "./data", parse::path);
        let models_dir = reader.optional("MODELS_DIR", "./data/models", parse::path);
        let database = Database::read(reader, data_dir.as_deref().ok());
        let redis_url = reader.optional("REDIS_URL", "redis://localhost:6379", database::redis);
        let environment = server.as_ref().ok().map(|s| s.environment);
        let accounts = Accounts::read(reader, environment);
        let files = Files::read(reader);
        let outgoing = Outgoing::read(reader);
        let triage = Triage::read(reader);
        let ai = Ai::read(reader, source);
        let assistant = assistant::read(reader);
        let data_dir = data_dir?;
        Ok(Self {
            server: server?,
            mcp: mcp?,
            logs: logs?,
            traces: traces?,
            models_dir: models_dir?.unwrap_or_else(|| data_dir.join("models")),
            data_dir,
            database: database?,
            redis_url: redis_url?,
            accounts: accounts?,
            files: files?,
            outgoing: outgoing?,
            triage: triage?,
            ai: ai?,
            assistant: assistant?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::{source::Origin, *};

    fn source(environment: &[(&str, &str)]) -> Source {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        Source::of(&BTreeMap::new(), &map(environment)).unwrap()
    }

    fn faults(environment: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        match Settings::read(&source(environment)) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.0.iter().map(|f| (f.key, f.to_string())).collect(),
        }
    }

    #[test]
    fn the_defaults_are_legal_and_every_key_of_the_manual_is_read() {
        let source = source(&[]);
        let mut reader = Reader::new(&source);
        assert!(Settings::read_all(&mut reader, &source).is_ok());
        let asked: HashSet<_> = reader.asked.iter().copied().collect();
        let manual: HashSet<_> = source.values().map(|(key, ..)| key).collect();
        assert_eq!(asked, manual);
    }

    #[test]
    fn the_example_lists_every_variable_with_its_default() {
        let example = include_str!("../../../.env.example");
        let example: Vec<_> = example
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .collect();
        let source = source(&[]);
        let manual: Vec<_> = source.values().map(|(key, value, _)| (key, value)).collect();
        assert_eq!(example, manual);
    }

    #[test]
    fn what_is_named_like_a_secret_is_one() {
        let open = [
            "ACCESS_TOKEN_TTL_S",
            "REFRESH_TOKEN_TTL_S",
            "PASSWORD_WORKERS",
            "AWS_ACCESS_KEY_ID",
            "CONVERSATION_HISTORY_TOKENS",
        ];
        for (key, ..) in source(&[]).values() {
            let sounds = ["KEY", "SECRET", "TOKEN", "PASSWORD", "OTLP_HEADERS"]
                .iter()
                .any(|word| key.contains(word));
            assert_eq!(sounds && !open.contains(&key), fault::is_secret(key), "{key}");
        }
    }

    #[test]
    fn all_faults_are_named_at_once_each_with_a_legal_example_and_no_secret() {
        let wrong = [
            ("PORT", "eighty"),
            ("HOST", "my host"),
            ("DATABASE_URL", "mysql://root:hunter2@db/x"),
            ("REDIS_URL", "hunter2"),
            ("JWT_SECRET_KEY", "hunter2"),
            ("ENCRYPTION_KEY", "hunter2"),
            ("ADMIN_EMAIL", "nobody"),
            ("ADMIN_PASSWORD", "hunter2"),
            ("REGISTRATION", "maybe"),
            ("CORS_ALLOWED_ORIGINS", "*"),
            ("TRUSTED_PROXIES", "10.0.0.0/40"),
            ("LOG_LEVEL", "loud"),
            ("LOG_FORMAT", "xml"),
            ("ENVIRONMENT", "moon"),
            ("MIGRATE_ON_START", "perhaps"),
            ("SQLITE_SYNCHRONOUS", "off"),
            ("BCRYPT_COST", "4"),
            ("RATE_LIMIT_PER_MINUTE", "-1"),
            ("TRIAGE_THREADS", "0"),
            ("TRIAGE_REVIEW_BELOW", "40"),
            ("MCP_PORT", "70000"),
            ("DASHBOARD_PORT", "maybe"),
            ("METRICS_PORT", "on"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:hunter2"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ];
        let found = faults(&wrong);
        let named: HashSet<_> = found.iter().map(|(key, _)| *key).collect();
        for (key, _) in wrong {
            assert!(named.contains(key), "{key} is not named");
        }
        for (key, text) in found {
            assert!(!text.contains("hunter2"), "{text}");
            let (_, example) = text.split_once("for example ").unwrap();
            let (name, value) = example.split_once('=').unwrap();
            assert_eq!(name, key);
            let again = faults(&[(key, value)]);
            assert!(!again.iter().any(|(k, _)| *k == key && *k != "ADMIN_PASSWORD"), "{again:?}");
        }
    }

    #[test]
    fn an_empty_value_counts_as_unset() {
        let empty = [("PORT", ""), ("DATA_DIR", " "), ("DASHBOARD_PORT", "")];
        let settings = Settings::read(&source(&empty)).unwrap();
        assert_eq!(settings.server.port, 8000);
        let usual = SidePort { port: 5555, chosen: false };
        assert_eq!(settings.server.dashboard, Some(usual));
        assert_eq!(settings.models_dir, PathBuf::from("./data/models"));
    }

    #[test]
    fn production_demands_its_secrets() {
        let found = faults(&[("ENVIRONMENT", "production")]);
        let named: Vec<_> = found.iter().map(|(key, _)| *key).collect();
        assert_eq!(named, ["JWT_SECRET_KEY", "ENCRYPTION_KEY"]);
        assert!(found[0].1.contains("ENVIRONMENT=production"), "{}", found[0].1);
    }

    #[test]
    fn the_environment_comes_before_the_file_and_the_file_before_the_defaults() {
        let map = |v: &str| BTreeMap::from([("PORT".to_owned(), v.to_owned())]);
        let file = Source::of(&map("1"), &BTreeMap::new()).unwrap();
        assert_eq!(file.get("PORT"), Some(("1", Origin::DotEnv)));
        let both = Source::of(&map("1"), &map("2")).unwrap();
        assert_eq!(both.get("PORT"), Some(("2", Origin::Environment)));
        let emptied = Source::of(&map("1"), &map("")).unwrap();
        assert_eq!(emptied.get("PORT"), Some(("1", Origin::DotEnv)));
    }
}
