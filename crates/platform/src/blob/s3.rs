//! Bytes in a bucket that speaks S3.

use std::{fmt, sync::Arc, time::Duration};

use object_store::{
    RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};
use secrecy::{ExposeSecret, SecretString};

use super::{ObjectBlobs, direct::Direct};

/// How clients reach a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clients {
    /// At the address where this program reaches it.
    SameAddress,
    /// At this one.
    Address(String),
    /// Not at all: this program passes everything on.
    ThroughUs,
}

/// How often a call is repeated, and for how long: whoever uploads waits for it, and is told to come again
/// rather than held for minutes.
const RETRIES: usize = 3;
const RETRIED_FOR: Duration = Duration::from_secs(10);

/// Where a bucket is, and who asks.
#[derive(Clone)]
pub struct S3Config {
    /// The bucket.
    pub bucket: String,
    /// What stands before every key; may be empty.
    pub prefix: String,
    /// The region.
    pub region: String,
    /// The address of a server other than Amazon's.
    pub endpoint: Option<String>,
    /// How clients reach it for large files.
    pub clients: Clients,
    /// The key's name and its secret; without them the machine's own role is asked for.
    pub credentials: Option<(String, SecretString)>,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// The bucket cannot be used as it is named.
#[derive(Debug, thiserror::Error)]
#[error("the bucket cannot be used as it is named: {0}")]
pub struct S3ConfigError(#[from] object_store::Error);

impl ObjectBlobs {
    /// Stores in a bucket.
    ///
    /// # Errors
    /// When the configuration makes no sense. Whether the bucket answers, [`check`] tells.
    ///
    /// [`check`]: atc_core::ports::BlobStore::check
    pub fn in_bucket(config: &S3Config) -> Result<Self, S3ConfigError> {
        let own = Arc::new(client(config, config.endpoint.as_deref())?);
        let direct = match &config.clients {
            Clients::SameAddress => Some(config.endpoint.as_deref()),
            Clients::Address(public) => Some(Some(public.as_str())),
            Clients::ThroughUs => None,
        };
        let direct = direct.map(|public| client(config, public)).transpose()?;
        Ok(Self {
            direct: direct.map(|public| Direct { own: Arc::clone(&own), public }),
            store: own,
            prefix: Path::from(config.prefix.as_str()),
            folder: None,
        })
    }
}

fn client(config: &S3Config, endpoint: Option<&str>) -> Result<AmazonS3, S3ConfigError> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_region(&config.region)
        .with_retry(RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRIED_FOR,
            ..RetryConfig::default()
        })
        // Servers other than Amazon's have no name of their own for each bucket.
        .with_virtual_hosted_style_request(endpoint.is_none());
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some((id, secret)) = &config.credentials {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
    }
    Ok(builder.build()?)
}
