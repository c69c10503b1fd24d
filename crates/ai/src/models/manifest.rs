//! `models/manifest.toml`: every local model.

use std::path::{Path, PathBuf};

use serde::Deserialize;

const TEXT: &str = include_str!("../../../../models/manifest.toml");

/// Every local model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "model")]
    models: Vec<ModelSpec>,
}

/// A local model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Its name, which is also that of its folder.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// The licence of the model, as an SPDX expression.
    pub licence: String,
    /// Whether the program uses it.
    pub needed: bool,
    /// Its files; at least one.
    #[serde(rename = "file")]
    pub files: Vec<FileSpec>,
}

/// A file of a model, and where it comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// Its name in the model's folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// The Python package that holds it, as `name==version`.
    pub package: String,
    /// SHA-256 of the package.
    pub package_sha256: String,
    /// Its path in the package.
    pub path: String,
}

/// The manifest cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("models/manifest.toml cannot be read: {0}")]
pub struct ManifestError(#[from] toml::de::Error);

impl Manifest {
    /// The manifest that this program was built with.
    ///
    /// # Errors
    /// When it is not of the expected form, which a test rules out.
    pub fn embedded() -> Result<Self, ManifestError> {
        Ok(toml::from_str(TEXT)?)
    }

    /// All models.
    #[must_use]
    pub fn models(&self) -> &[ModelSpec] {
        &self.models
    }

    /// The model of that name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&ModelSpec> {
        self.models.iter().find(|m| m.name == name)
    }
}

impl ModelSpec {
    /// Where its files are, below the folder of all models. Another version has another folder, so
    /// that an update never mixes files of both.
    #[must_use]
    pub fn dir(&self, models_dir: &Path) -> PathBuf {
        let version = self.files.first().map_or("", |file| file.sha256.as_str());
        models_dir.join(&self.name).join(version)
    }

    /// The size of all its files in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_whole() {
        let manifest = Manifest::embedded().unwrap();
        assert!(manifest.models().iter().any(|m| m.needed));
        let plain = |name: &str| !name.is_empty() && !name.contains(['/', '\\']) && name != "..";
        for model in manifest.models() {
            assert!(plain(&model.name) && !model.files.is_empty(), "{}", model.name);
            assert!(!model.licence.is_empty() && !model.purpose.is_empty());
            for file in &model.files {
                assert!(plain(&file.name) && file.bytes > 0);
                for hash in [&file.sha256, &file.package_sha256] {
                    assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
                }
                assert!(file.package.contains("=="));
            }
        }
    }
}
