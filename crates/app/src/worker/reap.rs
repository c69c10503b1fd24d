//! Taking jobs back from workers that are gone.

use atc_core::{
    Result,
    job::{Attempt, JobState},
    ports::Wake,
};
use atc_store::Tx;

use crate::{App, files::SettleFiles, webhooks::SettleDeliveries};

/// How many are looked at together.
const BATCH: u16 = 100;

impl App {
    /// Takes back every job whose lease is over. Each in a transaction of its own: one that cannot
    /// be taken back holds up nobody.
    pub(super) async fn reap_jobs(&self) -> Result<()> {
        let mut after = None;
        let mut any = false;
        loop {
            let expired = self.store.jobs().expired(after, BATCH).await?;
            for (position, attempt) in &expired {
                after = Some(*position);
                let Some(attempt) = attempt else {
                    tracing::error!(number = position, "an unreadable job cannot be taken back");
                    continue;
                };
                match self.reap_job(*attempt).await {
                    Ok(Some(state)) => {
                        any = true;
                        tracing::warn!(job = %attempt.job, %state, "a worker was lost");
                    }
                    Ok(None) => {}
                    Err(e) => tracing::warn!(job = %attempt.job,
                        error = &e as &dyn std::error::Error, "a job could not be taken back"),
                }
            }
            if expired.len() < usize::from(BATCH) {
                break;
            }
        }
        if any {
            self.wake(Wake::Jobs);
        }
        Ok(())
    }

    async fn reap_job(&self, attempt: Attempt) -> Result<Option<JobState>> {
        let tx = self.store.begin().await?;
        let state = tx.jobs().reap(attempt).await?;
        if state == Some(JobState::Dead) {
            self.settle_after_end(&tx).await?;
        }
        tx.commit().await?;
        Ok(state)
    }

    /// Has those told at once who wait for a job that just ended without success.
    pub(crate) async fn settle_after_end(&self, tx: &Tx) -> Result<()> {
        tx.jobs().enqueue(&self.new_job(&SettleFiles {})?).await?;
        tx.jobs().enqueue(&self.new_job(&SettleDeliveries {})?).await?;
        Ok(())
    }
}
