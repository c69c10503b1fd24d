//! Secrets that are made once and kept in a folder of this installation.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use anyhow::{Context, Result, bail};
use atc_app::Keys;
use atc_core::ports::Entropy;
use atc_platform::SystemEntropy;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::config::Settings;

/// Letters and digits that no one mistakes for each other: 32, five bits each.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 24 of them are 120 bits.
const READABLE_CHARS: usize = 24;
const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

/// The secrets of this installation: those that were given, or else those that were made.
pub fn keys(settings: &Settings) -> Result<Keys> {
    let folder = settings.data_dir.join("secrets");
    let accounts = &settings.accounts;
    Ok(Keys {
        jwt: key(accounts.jwt_secret.as_ref(), &folder, "jwt_secret_key")?,
        encryption: key(accounts.encryption_key.as_ref(), &folder, "encryption_key")?,
        other_encryption: accounts.other_encryption_keys.iter().map(bytes).collect(),
    })
}

fn key(given: Option<&SecretString>, folder: &Path, name: &str) -> Result<SecretSlice<u8>> {
    match given {
        Some(given) => Ok(bytes(given)),
        None => Ok(SecretSlice::from(made_once(folder, name, hexadecimal)?.into_bytes())),
    }
}

fn bytes(secret: &SecretString) -> SecretSlice<u8> {
    SecretSlice::from(secret.expose_secret().as_bytes().to_vec())
}

/// The secret in this file. Where there is no file, it is made; of several processes that make it at
/// the same time one wins, and all get the same secret. The file never holds a part of it.
pub fn made_once(
    folder: &Path,
    name: &str,
    make: impl FnOnce(&dyn Entropy) -> String,
) -> Result<String> {
    let path = folder.join(name);
    if let Some(kept) = read(&path)? {
        return Ok(kept);
    }
    let kept = || -> Result<Option<()>> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // A temporary file is for its owner only.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{}", make(&SystemEntropy))?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(Some(())),
            Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(e) => Err(e.error.into()),
        }
    };
    kept().with_context(|| format!("cannot keep a secret in {}", path.display()))?;
    match read(&path)? {
        Some(kept) => Ok(kept),
        None => bail!("{} is gone as soon as it is written", path.display()),
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => {
            bail!("{} is empty; remove it to have a new secret made", path.display())
        }
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).with_context(|| format!("cannot read the secret in {}", path.display())),
    }
}

/// 32 bytes in hexadecimal.
fn hexadecimal(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    let digit = |n: u8| char::from(HEXADECIMAL[usize::from(n)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// A password for people to copy.
pub fn readable(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; READABLE_CHARS];
    entropy.fill(&mut bytes);
    bytes.iter().map(|b| char::from(READABLE[usize::from(b % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_for_its_owner_only_whoever_asks() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("secrets");
        let ask = || made_once(&folder, "x", hexadecimal).unwrap();
        let all: Vec<String> = std::thread::scope(|scope| {
            let askers: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            askers.into_iter().map(|a| a.join().unwrap()).collect()
        });
        assert_eq!(all[0].len(), 64);
        assert!(all.iter().all(|s| *s == all[0]));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("x"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn an_emptied_file_is_told_and_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x"), "\n").unwrap();
        assert!(made_once(dir.path(), "x", hexadecimal).is_err());
    }

    #[test]
    fn made_passwords_differ_and_are_legal() {
        let (a, b) = (readable(&SystemEntropy), readable(&SystemEntropy));
        assert_ne!(a, b);
        assert!(atc_core::user::Password::parse(a).is_ok());
    }
}
