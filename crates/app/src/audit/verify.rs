//! Verifying the audit trail, and writing it out.

use std::fmt;

use atc_core::{
    Result,
    audit::{AuditRecord, AuditSeal},
    job::Failure,
};

use super::chain;
use crate::App;

/// How many rows are read at once.
const BATCH: u64 = 500;

/// An audit trail as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many seals there are.
    pub seals: i64,
    /// How many entries they hold.
    pub entries: u64,
    /// How many entries wait for a seal.
    pub unsealed: u64,
    /// The hash of the newest seal, in hexadecimal digits: what to keep elsewhere.
    pub head: String,
}

/// The first thing that is wrong with an audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFault {
    /// The seals are not numbered without a gap.
    Missing(i64),
    /// What a seal holds is not what was sealed.
    Broken(i64),
    /// So many entries name a seal that is not there.
    Orphans(u64),
    /// No seal has the hash that was expected: the newest ones were cut off, or all were made anew.
    Unexpected,
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(number) => write!(f, "seal {number} is missing"),
            Self::Broken(number) => write!(
                f,
                "seal {number} does not hold what was sealed: entries of it were changed, added or \
                 deleted, or the seal itself was"
            ),
            Self::Orphans(count) => write!(f, "{count} entries name a seal that is not there"),
            Self::Unexpected => f.write_str(
                "no seal has the expected hash: the end of the trail was cut off, or all of it was \
                 made anew",
            ),
        }
    }
}

impl App {
    /// Puts seals over everything that was written until now.
    ///
    /// # Errors
    /// When the database is away, or somebody else seals at the same time.
    pub async fn seal_audit(&self) -> Result<()> {
        loop {
            match self.put_audit_seal(None).await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(Failure::Retry { reason, .. } | Failure::Fail { reason }) => {
                    return Err(atc_core::Error::conflict(reason));
                }
            }
        }
    }

    /// Reads the whole audit trail against its seals. `expected` is the hash of a seal that was noted
    /// elsewhere: it has to be among them.
    ///
    /// # Errors
    /// When the database is away. What is wrong with the trail is no error but the answer.
    pub async fn verify_audit(
        &self,
        expected: Option<&str>,
    ) -> Result<std::result::Result<Verified, AuditFault>> {
        let mut chain = Chain { number: 0, hash: chain::GENESIS, entries: 0 };
        let mut found = expected.is_none();
        loop {
            let seals = self.store.audit_seals().after(chain.number, BATCH).await?;
            for seal in &seals {
                let records = self.store.audit_seals().records_of(seal.number).await?;
                if let Err(fault) = chain.add(seal, &records) {
                    return Ok(Err(fault));
                }
                found |=
                    expected.is_some_and(|hash| hash.eq_ignore_ascii_case(&chain::hex(&seal.hash)));
            }
            if seals.is_empty() {
                break;
            }
        }
        let orphans = self.store.audit_seals().orphans().await?;
        if orphans > 0 {
            return Ok(Err(AuditFault::Orphans(orphans)));
        }
        if !found {
            return Ok(Err(AuditFault::Unexpected));
        }
        let mut unsealed = 0;
        self.each_unsealed(|_| {
            unsealed += 1;
            Ok(())
        })
        .await?;
        let Chain { number, hash, entries } = chain;
        Ok(Ok(Verified { seals: number, entries, unsealed, head: chain::hex(&hash) }))
    }

    /// Gives every entry of the audit trail, seal by seal with its hash, and at last those without one.
    ///
    /// # Errors
    /// When the database is away, or as `take` says.
    pub async fn export_audit(
        &self,
        mut take: impl FnMut(Option<(i64, &str)>, &AuditRecord) -> Result<()>,
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let seals = self.store.audit_seals().after(after, BATCH).await?;
            for seal in &seals {
                after = seal.number;
                let hash = chain::hex(&seal.hash);
                for record in self.store.audit_seals().records_of(seal.number).await? {
                    take(Some((seal.number, &hash)), &record)?;
                }
            }
            if seals.is_empty() {
                break;
            }
        }
        self.each_unsealed(|record| take(None, record)).await
    }

    async fn each_unsealed(&self, mut take: impl FnMut(&AuditRecord) -> Result<()>) -> Result<()> {
        let mut after = 0;
        loop {
            let records = self.store.audit_seals().unsealed(after, BATCH).await?;
            let Some(last) = records.last() else { return Ok(()) };
            after = last.sequence;
            records.iter().try_for_each(&mut take)?;
        }
    }
}

/// What was read of the chain so far.
struct Chain {
    number: i64,
    hash: [u8; 32],
    entries: u64,
}

impl Chain {
    fn add(&mut self, seal: &AuditSeal, records: &[AuditRecord]) -> Result<(), AuditFault> {
        self.number += 1;
        if seal.number != self.number {
            return Err(AuditFault::Missing(self.number));
        }
        let whole = seal.entries as usize == records.len()
            && chain::hash(seal.number, &self.hash, records) == seal.hash;
        if !whole {
            return Err(AuditFault::Broken(seal.number));
        }
        self.hash = seal.hash;
        self.entries += records.len() as u64;
        Ok(())
    }
}
