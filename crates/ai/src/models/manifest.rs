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
#[serde(try_from = "FileEntry")]
pub struct FileSpec {
    /// Its name in the model's folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// What it is put together from, in order: one part, where a package holds it whole.
    pub parts: Vec<PartSpec>,
}

/// A part of a file, and where it comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSpec {
    /// Its size in bytes.
    pub bytes: u64,
    /// The Python package that holds it, as `name==version`.
    pub package: String,
    /// SHA-256 of the package.
    pub package_sha256: String,
    /// Its path in the package.
    pub path: String,
}

/// A file as the manifest writes it: a package that holds it whole, or parts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    name: String,
    bytes: u64,
    sha256: String,
    package: Option<String>,
    package_sha256: Option<String>,
    path: Option<String>,
    #[serde(rename = "part", default)]
    parts: Vec<PartSpec>,
}

impl TryFrom<FileEntry> for FileSpec {
    type Error = String;

    fn try_from(entry: FileEntry) -> Result<Self, String> {
        let FileEntry { name, bytes, sha256, package, package_sha256, path, mut parts } = entry;
        match (package, package_sha256, path) {
            (Some(package), Some(package_sha256), Some(path)) if parts.is_empty() => {
                parts.push(PartSpec { bytes, package, package_sha256, path });
            }
            (None, None, None) if !parts.is_empty() => {}
            _ => return Err(format!("{name} needs package, package_sha256 and path, or parts")),
        }
        if parts.iter().map(|part| part.bytes).sum::<u64>() != bytes {
            return Err(format!("the parts of {name} do not have its size"));
        }
        Ok(Self { name, bytes, sha256, parts })
    }
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
                assert!(is_hash(&file.sha256) && !file.parts.is_empty());
                for part in &file.parts {
                    assert!(is_hash(&part.package_sha256) && part.package.contains("=="));
                }
            }
        }
    }

    fn is_hash(text: &str) -> bool {
        text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
    }

    #[test]
    fn a_file_comes_from_one_package_or_in_parts() {
        let file = |rest: &str| {
            toml::from_str::<FileSpec>(&format!("name = \"f\"\nbytes = 5\nsha256 = \"\"\n{rest}"))
        };
        let from = "package = \"p==1\"\npackage_sha256 = \"\"\npath = \"f\"\n";
        let part = |bytes: u64| format!("[[part]]\nbytes = {bytes}\n{from}");
        assert_eq!(file(from).unwrap().parts.len(), 1);
        assert_eq!(file(&(part(2) + &part(3))).unwrap().parts.len(), 2);
        assert!(file("").is_err(), "it comes from nowhere");
        assert!(file(&part(4)).is_err(), "a byte is missing");
        assert!(file(&format!("{from}{}", part(5))).is_err(), "it comes from two places");
    }
}
