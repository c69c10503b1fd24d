//! Bytes in a bucket that speaks S3.

use std::{fmt, sync::Arc, time::Duration};

use object_store::{RetryConfig, aws::AmazonS3Builder, path::Path};
use secrecy::{ExposeSecret, SecretString};

use super::ObjectBlobs;

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
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_retry(RetryConfig {
                max_retries: RETRIES,
                retry_timeout: RETRIED_FOR,
                ..RetryConfig::default()
            })
            // Servers other than Amazon's have no name of their own for each bucket.
            .with_virtual_hosted_style_request(config.endpoint.is_none());
        if let Some(endpoint) = &config.endpoint {
            builder =
                builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some((id, secret)) = &config.credentials {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
        }
        Ok(Self {
            store: Arc::new(builder.build()?),
            prefix: Path::from(config.prefix.as_str()),
            folder: None,
        })
    }
}
