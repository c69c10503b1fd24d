//! Where the texts of the configuration come from.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};

/// Every key with its default and its meaning.
const MANUAL: &str = include_str!("../../../../config/default.toml");
/// What stands beside the program's working folder.
const FILE: &str = ".env";

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The manual.
    Default,
    /// The file `.env`.
    DotEnv,
    /// The environment.
    Environment,
}

impl Origin {
    /// The word that `config check` shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::DotEnv => ".env",
            Self::Environment => "environment",
        }
    }
}

/// The text of every key, and who said it.
#[derive(Debug, Clone)]
pub struct Source {
    values: Vec<(String, String, Origin)>,
    /// Everything that the environment and the file say: `ai_config.yaml` may name any of it.
    variables: BTreeMap<String, String>,
}

impl Source {
    /// Reads the environment and the file `.env`. After this nobody looks at either again.
    ///
    /// # Errors
    /// When `.env` is there but cannot be read.
    #[expect(clippy::disallowed_methods, reason = "this is where configuration is read once")]
    pub fn load() -> Result<Self> {
        let file = read_file(Path::new(FILE))?;
        // A value that is no text is no legal value of any key; its fault is told like the others.
        let environment = std::env::vars_os()
            .filter_map(|(key, value)| {
                Some((key.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect();
        Self::of(&file, &environment)
    }

    /// Lays the environment over the file and the file over the manual; unknown keys are not ours.
    ///
    /// # Errors
    /// Never, unless the manual is broken.
    pub fn of(
        file: &BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let manual: toml::Table = toml::from_str(MANUAL).context("config/default.toml")?;
        let said = |map: &BTreeMap<String, String>, key: &str| {
            map.get(key).map(|v| v.trim()).filter(|v| !v.is_empty()).map(str::to_owned)
        };
        let values = manual
            .into_iter()
            .map(|(key, default)| {
                let default = default.as_str().unwrap_or_default().to_owned();
                let (value, origin) = said(environment, &key)
                    .map(|v| (v, Origin::Environment))
                    .or_else(|| said(file, &key).map(|v| (v, Origin::DotEnv)))
                    .unwrap_or((default, Origin::Default));
                (key, value, origin)
            })
            .collect();
        let mut variables = file.clone();
        variables.extend(environment.clone());
        Ok(Self { values, variables })
    }

    /// The text of a key; `None` where it is unset.
    pub fn get(&self, key: &str) -> Option<(&str, Origin)> {
        let found = self.values.iter().find(|(name, ..)| name == key);
        found.filter(|(_, v, _)| !v.is_empty()).map(|(_, v, origin)| (v.as_str(), *origin))
    }

    /// Everything that was said, our keys and others, by name.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Every key in the order of the manual, with its text (empty where it is unset).
    pub fn values(&self) -> impl Iterator<Item = (&str, &str, Origin)> {
        self.values.iter().map(|(key, value, origin)| (key.as_str(), value.as_str(), *origin))
    }
}

/// The file as a map: the environment of this process stays as it is.
fn read_file(path: &Path) -> Result<BTreeMap<String, String>> {
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(e) if e.not_found() => return Ok(BTreeMap::new()),
        Err(_) => anyhow::bail!("{} is there but cannot be opened", path.display()),
    };
    let mut map = BTreeMap::new();
    let mut last = "its beginning".to_owned();
    for line in lines {
        // What dotenvy says of a broken line shows the line, which may be a secret.
        let (key, value) = line.map_err(|_| {
            anyhow::anyhow!(
                "{} cannot be read: after {last} comes a line that is not KEY=value; \
                 a value with spaces, # or $ stands in single quotes",
                path.display()
            )
        })?;
        last.clone_from(&key);
        map.insert(key, value);
    }
    Ok(map)
}
