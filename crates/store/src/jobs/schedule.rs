//! What is done by the clock: when each schedule was last acted upon.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::{Jobs, time};
use crate::Result;

impl<C: ConnectionTrait> Jobs<'_, C> {
    /// When this schedule was last acted upon; `None` when it is unknown or had another pattern.
    pub async fn schedule(&self, name: &str, cron: &str) -> Result<Option<DateTime<Utc>>> {
        let statement = self.sql(
            "SELECT last_at FROM job_schedules WHERE name = $1 AND cron = $2",
            [name.into(), cron.into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        time("job_schedules.last_at", row.try_get_by_index(0)?).map(Some)
    }
}

impl Jobs<'_, DatabaseTransaction> {
    /// Writes a schedule down, beginning at `at`. One that is known with this pattern stays.
    pub async fn begin_schedule(&self, name: &str, cron: &str, at: DateTime<Utc>) -> Result<()> {
        self.change(
            "INSERT INTO job_schedules (name, cron, last_at) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, last_at = excluded.last_at \
             WHERE job_schedules.cron <> excluded.cron",
            [name.into(), cron.into(), at.timestamp_millis().into()],
        )
        .await?;
        Ok(())
    }

    /// Goes from one moment to the next. `false` when another process did so first.
    pub async fn advance_schedule(
        &self,
        name: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<bool> {
        let changed = self
            .change(
                "UPDATE job_schedules SET last_at = $3 WHERE name = $1 AND last_at = $2",
                [name.into(), from.timestamp_millis().into(), to.timestamp_millis().into()],
            )
            .await?;
        Ok(changed == 1)
    }
}
