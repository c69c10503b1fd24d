//! Taking jobs back from workers that are not heard of any more.

use atc_core::job::{Attempt, AttemptEnd, AttemptToken, JobId, JobState, MOST_DEATHS};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::{JobPosition, Jobs, attempt::HELD};
use crate::Result;

/// What is written where a worker died.
const LOST: &str = "The worker was not heard of until the lease was over: it was killed, stopped, or \
                    cut off from the database.";

impl<C: ConnectionTrait> Jobs<'_, C> {
    /// Attempts whose lease is over, at most `limit`, each with its position to go on from. Rows
    /// that cannot be read are left out, so that they hold up nobody.
    pub async fn expired(
        &self,
        after: Option<JobPosition>,
        limit: u16,
    ) -> Result<Vec<(JobPosition, Option<Attempt>)>> {
        let statement = self.sql(
            "SELECT number, id, token FROM jobs WHERE state = 'running' \
             AND lease_until <= {now} AND number > $1 ORDER BY number LIMIT $2",
            [after.unwrap_or(0).into(), i64::from(limit).into()],
        );
        let mut expired = Vec::new();
        for row in self.db.query_all_raw(statement).await? {
            let ids = row.try_get::<Uuid>("", "id").and_then(|id| {
                let token = row.try_get::<Uuid>("", "token")?;
                Ok(Attempt { job: JobId(id), token: AttemptToken(token) })
            });
            expired.push((row.try_get("", "number")?, ids.ok()));
        }
        Ok(expired)
    }
}

impl Jobs<'_, DatabaseTransaction> {
    /// Takes a job back if this attempt still has it and its lease is over: it is ready at once, or
    /// dead where its attempts are used up or too many workers died of it. `None` when its worker
    /// was heard of in between.
    pub async fn reap(&self, attempt: Attempt) -> Result<Option<JobState>> {
        let over = format!("attempt >= max_attempts OR deaths + 1 >= {MOST_DEATHS}");
        let set = format!(
            "state = CASE WHEN {over} THEN 'dead' ELSE 'ready' END, \
             finished_at = CASE WHEN {over} THEN {{now}} END, \
             run_at = {{now}}, deaths = deaths + 1, last_error = $3"
        );
        let condition = format!("{HELD} AND lease_until <= {{now}}");
        self.end_where(attempt, &condition, &set, [LOST.into()], AttemptEnd::Lost, Some(LOST)).await
    }

    /// Forgets jobs that were done or cancelled before this moment. Those that failed or are dead
    /// stay until a person deletes them. Answers how many.
    pub async fn delete_finished(&self, before: DateTime<Utc>) -> Result<u64> {
        self.change(
            "DELETE FROM jobs WHERE state IN ('done', 'cancelled') AND finished_at < $1",
            [before.timestamp_millis().into()],
        )
        .await
    }
}
