//! What the use cases must be told.

use std::path::PathBuf;

use crate::AssistantBounds;
use atc_core::job::Queue;
use secrecy::{ExposeSecret, SecretSlice};

/// Settings of the use cases. The binary reads them; nobody here looks at the environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether anyone may make an account.
    pub registration_open: bool,
    /// How long an access token serves, in seconds.
    pub access_token_ttl_s: u32,
    /// How long a login lasts without being refreshed, in seconds.
    pub refresh_token_ttl_s: u32,
    /// How long the refresh token just before the newest is answered with the same successor.
    pub refresh_leeway_s: u32,
    /// The cost of bcrypt; 12 or more outside tests.
    pub bcrypt_cost: u32,
    /// How many passwords are hashed at the same time; as many again may wait, times eight.
    pub password_workers: usize,
    /// The limits of requests.
    pub rate_limits: RateLimits,
    /// How long a creation waits for triage before it goes on without, in milliseconds.
    pub triage_timeout_ms: u64,
    /// Below this probability of the category a person should look, where a language model had a say.
    pub triage_review_below: f64,
    /// From how many labelled tickets the engine learns at most; the newest count.
    pub training_max_labels: u64,
    /// Where this installation keeps what it writes.
    pub data_dir: PathBuf,
    /// The most bytes of an uploaded file.
    pub max_upload_bytes: u64,
    /// How long an announced upload may take to be complete, in seconds.
    pub upload_ttl_s: u32,
    /// How long an address of a file's bytes serves, in seconds.
    pub file_link_ttl_s: u32,
    /// How long a ticket that is made from plain words waits for its files to be read, in
    /// milliseconds.
    pub files_wait_ms: u64,
    /// How often the background looks for work that no signal announced, in milliseconds.
    pub background_poll_ms: u64,
    /// How often the event log is looked at unasked, in milliseconds.
    pub events_poll_ms: u64,
    /// How long a job is its worker's without a heartbeat, in milliseconds.
    pub job_lease_ms: u64,
    /// How many jobs of each queue run at the same time in this process.
    pub job_places: Vec<(Queue, u16)>,
    /// Bounds of conversations with the customer support agent.
    pub assistant: AssistantBounds,
}

/// How many requests a minute are served; 0 switches a limit off.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits {
    /// Of one person or, without one, of one address.
    pub per_minute: u32,
    /// Of one address with one e-mail, to log in or register.
    pub auth_per_minute: u32,
    /// Uploads of one person.
    pub uploads_per_minute: u32,
}

/// The secrets of this installation.
#[derive(Clone)]
pub struct Keys {
    /// Signs access tokens and refresh tokens; at least 32 bytes.
    pub jwt: SecretSlice<u8>,
    /// Seals what must not be read in the database; at least 32 bytes.
    pub encryption: SecretSlice<u8>,
    /// Open what they sealed while they, or others, were the one above; at least 32 bytes each.
    pub other_encryption: Vec<SecretSlice<u8>>,
}

impl Keys {
    pub(crate) fn jwt_bytes(&self) -> &[u8] {
        self.jwt.expose_secret()
    }

    pub(crate) fn encryption_bytes(&self) -> &[u8] {
        self.encryption.expose_secret()
    }

    pub(crate) fn other_encryption_bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.other_encryption.iter().map(ExposeSecret::expose_secret)
    }
}
