//! The keys of files: where they are stored, and how they are read.

use std::time::Duration;

use atc_platform::blob::Clients;
use secrecy::SecretString;
use url::Url;

use super::{
    fault::{Noted, Reader},
    parse,
};

/// Files.
#[derive(Debug, Clone)]
pub struct Files {
    /// The bucket that they are stored in; `None` for a folder in `DATA_DIR`.
    pub bucket: Option<Bucket>,
    /// The region of the bucket.
    pub region: String,
    /// The address of a server other than Amazon's.
    pub endpoint: Option<String>,
    /// How clients reach the bucket for large files.
    pub clients: Clients,
    /// How long an address of a file's bytes serves.
    pub link_ttl: Duration,
    /// The key of the bucket and its secret.
    pub credentials: Option<(String, SecretString)>,
    /// The most bytes of an uploaded file.
    pub max_bytes: u64,
    /// How long a file may take to arrive.
    pub upload_timeout: Duration,
    /// How long a ticket made from plain words waits for its files.
    pub wait_ms: u64,
    /// How much memory the reading of a file may take, in bytes.
    pub reader_memory: u64,
    /// How long the reading of a picture or a document may take.
    pub reader_timeout: Duration,
    /// How long the reading of a recording may take.
    pub recording_timeout: Duration,
}

/// A bucket, and what stands before every key in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// May be empty.
    pub prefix: String,
}

impl Files {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let bucket = r.optional("STORAGE_URL", "s3://bucket/prefix", bucket);
        let region = r.required("AWS_REGION", "us-east-1", |text| Ok(text.to_owned()));
        let endpoint = r.optional("AWS_ENDPOINT_URL", "https://s3.example.com", endpoint);
        let clients = r.optional("STORAGE_PUBLIC_URL", "https://files.example.com", clients);
        let link_ttl = r.required("FILE_LINK_TTL_S", "300", parse::seconds(10..=86_400));
        let credentials = credentials(r);
        let bytes = r.required("MAX_UPLOAD_BYTES", "104857600", parse::number(1..=1 << 40));
        let upload = r.required("UPLOAD_TIMEOUT_S", "3600", parse::seconds(1..=86_400));
        let wait = r.required("FILES_WAIT_MS", "10000", parse::number(0..=60_000));
        let memory = r.required("READER_MEMORY_MB", "3072", parse::number(512..=65_536));
        let reader = r.required("READER_TIMEOUT_S", "120", parse::seconds(1..=86_400));
        let recording = r.required("RECORDING_TIMEOUT_S", "7200", parse::seconds(1..=86_400));
        Ok(Self {
            bucket: bucket?,
            region: region?,
            endpoint: endpoint?,
            clients: clients?.unwrap_or(Clients::SameAddress),
            link_ttl: link_ttl?,
            credentials: credentials?,
            max_bytes: bytes?,
            upload_timeout: upload?,
            wait_ms: wait?,
            reader_memory: memory? * 1024 * 1024,
            reader_timeout: reader?,
            recording_timeout: recording?,
        })
    }
}

fn credentials(r: &mut Reader<'_>) -> Result<Option<(String, SecretString)>, Noted> {
    const ID: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "<the secret of that key>");
    let id = r.optional(ID.0, ID.1, |text| Ok(text.to_owned()));
    let secret = r.optional(SECRET.0, SECRET.1, |text| Ok(SecretString::from(text)));
    match (id?, secret?) {
        (Some(id), Some(secret)) => Ok(Some((id, secret))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            r.note(SECRET.0, None, "is not set, but AWS_ACCESS_KEY_ID is", SECRET.1);
            Err(Noted)
        }
        (None, Some(_)) => {
            r.note(ID.0, None, "is not set, but AWS_SECRET_ACCESS_KEY is", ID.1);
            Err(Noted)
        }
    }
}

fn bucket(text: &str) -> Result<Bucket, String> {
    let wrong = || "is no address such as s3://bucket/prefix".to_owned();
    let rest = text.strip_prefix("s3://").ok_or_else(wrong)?;
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let prefix = prefix.trim_matches('/');
    let plain = prefix.is_empty()
        || prefix.split('/').all(|part| !part.is_empty() && part.chars().all(legal));
    if (3..=63).contains(&name.len()) && name.chars().all(legal) && plain {
        Ok(Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
    } else {
        Err(wrong())
    }
}

fn clients(text: &str) -> Result<Clients, String> {
    if text == "off" { Ok(Clients::ThroughUs) } else { endpoint(text).map(Clients::Address) }
}

fn endpoint(text: &str) -> Result<String, String> {
    let legal = Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if legal { Ok(text.to_owned()) } else { Err("is not the address of a server".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_named_with_what_stands_before_their_keys() {
        for (text, name, prefix) in [
            ("s3://desk", "desk", ""),
            ("s3://desk/", "desk", ""),
            ("s3://desk/files/2026/", "desk", "files/2026"),
        ] {
            let expected = Bucket { name: name.to_owned(), prefix: prefix.to_owned() };
            assert_eq!(bucket(text), Ok(expected), "{text}");
        }
        for bad in
            ["", "desk", "s3://", "s3://a", "s3://desk/a b", "s3://user:pw@desk", "gs://desk"]
        {
            assert!(bucket(bad).is_err(), "{bad}");
        }
    }
}
