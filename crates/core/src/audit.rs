//! The audit trail as it is sealed and verified.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// An entry of the audit trail as it is stored: what a seal holds is the writing, whatever it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    /// Its place in the order of writing.
    pub sequence: i64,
    /// Its identity.
    pub id: Uuid,
    /// The number of the ticket it is about.
    pub ticket: i64,
    /// What happened.
    pub kind: String,
    /// Who did it; `None` for the system itself.
    pub actor: Option<Uuid>,
    /// What changed, as JSON.
    pub changes: String,
    /// Whether only staff may see it.
    pub internal: bool,
    /// The request that did it.
    pub request_id: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A seal over entries of the audit trail, chained to the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSeal {
    /// Its place: 1, 2, 3 and so on, without a gap.
    pub number: i64,
    /// How many entries it holds.
    pub entries: u32,
    /// SHA-256 over the seal before and the entries.
    pub hash: [u8; 32],
    /// When it was put.
    pub at: DateTime<Utc>,
}
