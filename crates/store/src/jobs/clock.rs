//! What stands in the table by a clock that was set back since.

use std::time::Duration;

use sea_orm::DatabaseTransaction;

use super::{Jobs, ms};
use crate::Result;

impl Jobs<'_, DatabaseTransaction> {
    /// Puts right what was written down before the clock of the database was set back: jobs that would wait
    /// until it is as late again are due now, and so are schedules; who runs a job has a lease from now on to
    /// say so. Answers how many jobs and schedules that were.
    pub async fn clock_was_set_back(&self, lease: Duration) -> Result<u64> {
        let waiting = self.change(
            "UPDATE jobs SET run_at = {now} WHERE state = 'ready' AND run_at > {now} \
             AND (created_at > {now} OR started_at > {now})",
            [],
        );
        let running = self.change(
            "UPDATE jobs SET lease_until = {now} + $1 WHERE state = 'running' \
             AND started_at > {now} AND lease_until > {now} + $1",
            [ms(lease).into()],
        );
        let schedules =
            self.change("UPDATE job_schedules SET last_at = {now} WHERE last_at > {now}", []);
        Ok(waiting.await? + running.await? + schedules.await?)
    }
}
