//! Whether a model is there and whole.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::ModelSpec;

/// What to do about it.
const MEND: &str = "run `ai-tickets models fetch`";

/// A model that is there.
#[derive(Debug, Clone)]
pub struct InstalledModel {
    dir: PathBuf,
}

impl InstalledModel {
    /// The path of one of its files.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Why a model cannot be used; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is not there.
    #[error("the file {file} of the model {model} is missing; {MEND}")]
    Missing {
        /// The model.
        model: String,
        /// The file.
        file: String,
    },
    /// A file is not what it should be.
    #[error("the file {file} of the model {model} is damaged; {MEND}")]
    Damaged {
        /// The model.
        model: String,
        /// The file.
        file: String,
    },
    /// A file cannot be read.
    #[error("the file {file} of the model {model} cannot be read ({why}); check its permissions")]
    Unreadable {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// What the system says.
        why: ErrorKind,
    },
}

/// Finds a model by its files and their sizes, without reading them.
///
/// # Errors
/// When a file is missing, has another size, or may not be looked at.
pub fn find(models_dir: &Path, spec: &ModelSpec) -> Result<InstalledModel, ModelError> {
    let dir = spec.dir(models_dir);
    for file in &spec.files {
        let (model, name) = (spec.name.clone(), file.name.clone());
        match std::fs::metadata(dir.join(&file.name)) {
            Ok(found) if found.len() == file.bytes => {}
            Ok(_) => return Err(ModelError::Damaged { model, file: name }),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(ModelError::Missing { model, file: name });
            }
            Err(e) => return Err(ModelError::Unreadable { model, file: name, why: e.kind() }),
        }
    }
    Ok(InstalledModel { dir })
}

/// Finds a model and reads all of its files to compare their hashes.
///
/// # Errors
/// When a file is missing, damaged or unreadable.
pub fn verify(models_dir: &Path, spec: &ModelSpec) -> Result<InstalledModel, ModelError> {
    let found = find(models_dir, spec)?;
    for file in &spec.files {
        let (model, name) = (spec.name.clone(), file.name.clone());
        match sha256_of(&found.file(&file.name)) {
            Ok(hash) if hash == file.sha256 => {}
            Ok(_) => return Err(ModelError::Damaged { model, file: name }),
            Err(e) => return Err(ModelError::Unreadable { model, file: name, why: e.kind() }),
        }
    }
    Ok(found)
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&sha256.finalize())),
            n => sha256.update(&buffer[..n]),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::FileSpec;

    fn spec(content: &[u8]) -> ModelSpec {
        ModelSpec {
            name: "m".into(),
            purpose: "p".into(),
            licence: "MIT".into(),
            needed: true,
            files: vec![FileSpec {
                name: "f".into(),
                bytes: content.len() as u64,
                sha256: hex(&Sha256::digest(content)),
                parts: Vec::new(),
            }],
        }
    }

    #[test]
    fn missing_and_damaged_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let spec = spec(b"right");
        let said = |e: ModelError| e.to_string();
        let missing = said(verify(dir.path(), &spec).unwrap_err());
        assert!(missing.contains("missing") && missing.contains("models fetch"), "{missing}");
        std::fs::create_dir_all(spec.dir(dir.path())).unwrap();
        let file = spec.dir(dir.path()).join("f");
        std::fs::write(&file, b"wrong").unwrap();
        assert!(find(dir.path(), &spec).is_ok(), "its size is right");
        assert!(said(verify(dir.path(), &spec).unwrap_err()).contains("damaged"));
        std::fs::write(&file, b"longer than it should be").unwrap();
        assert!(said(find(dir.path(), &spec).unwrap_err()).contains("damaged"));
        std::fs::write(&file, b"right").unwrap();
        assert!(verify(dir.path(), &spec).is_ok());
    }

    /// To fetch a model again does not help who may not read it. A name that is too long stands for
    /// a folder that may not be entered, which does not exist for root.
    #[test]
    fn what_cannot_be_looked_at_is_not_called_missing() {
        let dir = tempfile::tempdir().unwrap();
        let mut spec = spec(b"right");
        spec.files[0].name = "f".repeat(300);
        let found = find(dir.path(), &spec);
        assert!(matches!(found, Err(ModelError::Missing { .. })), "the folder is missing before");
        std::fs::create_dir_all(spec.dir(dir.path())).unwrap();
        assert!(matches!(find(dir.path(), &spec), Err(ModelError::Unreadable { .. })));
    }
}
