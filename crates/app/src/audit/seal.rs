//! Putting seals over what was written.

use atc_core::{Error, Result, audit::AuditSeal, job::Failure};
use serde::{Deserialize, Serialize};

use super::chain;
use crate::{
    App,
    worker::{Job, Run},
};

/// How many entries a seal holds at most.
const ENTRIES: u64 = 1_000;

/// Puts seals over the entries of the audit trail that have none yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SealAudit {}

impl SealAudit {
    /// Every minute.
    pub const CRON: &'static str = "* * * * *";
}

impl Job for SealAudit {
    const KIND: &'static str = "audit.seal.v1";

    /// A chain has one end.
    fn unique_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let mut newest = None;
        while let Some(seal) = app.put_audit_seal(Some(run)).await? {
            newest = Some(seal);
        }
        if let Some(seal) = newest {
            let hash = chain::hex(&seal.hash);
            tracing::info!(seal = seal.number, hash, "the audit trail is sealed up to here");
        }
        Ok(())
    }
}

impl App {
    /// Puts the next seal; `None` when everything is sealed.
    ///
    /// # Errors
    /// Retry, when the run's job is somebody else's by now.
    pub(super) async fn put_audit_seal(
        &self,
        run: Option<&Run>,
    ) -> Result<Option<AuditSeal>, Failure> {
        let tx = self.store.begin().await.map_err(Error::from)?;
        if let Some(run) = run {
            run.guard(&tx).await?;
        }
        let seals = tx.audit_seals();
        let records = seals.unsealed(0, ENTRIES).await.map_err(Error::from)?;
        if records.is_empty() {
            return Ok(None);
        }
        let last = seals.last().await.map_err(Error::from)?;
        let (number, before) =
            last.map_or((1, chain::GENESIS), |seal| (seal.number + 1, seal.hash));
        let seal = AuditSeal {
            number,
            // At most a thousand.
            entries: u32::try_from(records.len()).unwrap_or(u32::MAX),
            hash: chain::hash(number, &before, &records),
            at: self.now(),
        };
        seals.put(&seal, &records).await.map_err(Error::from)?;
        tx.commit().await.map_err(Error::from)?;
        Ok(Some(seal))
    }
}
