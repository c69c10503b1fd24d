//! How attempts ended over time: counted by the database, so that what is read does not grow with
//! the number of jobs.

use std::{fmt::Write, time::Duration};

use atc_core::job::{AttemptEnd, STEPS_MS};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{Jobs, ms, read::word, time};
use crate::Result;

/// How many attempts that ended alike, in the same slot of time, took about as long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptCount {
    /// When the slot begins.
    pub slot: DateTime<Utc>,
    /// How they ended.
    pub end: AttemptEnd,
    /// How long they took, as a step of [`atc_core::job::STEPS_MS`].
    pub step: usize,
    /// How many.
    pub count: u64,
}

impl<C: ConnectionTrait> Jobs<'_, C> {
    /// The attempts that ended from `since` on, counted by slots, each `slot` long, and by how long
    /// they ran.
    pub async fn run_times(
        &self,
        since: DateTime<Utc>,
        slot: Duration,
    ) -> Result<Vec<AttemptCount>> {
        self.count_attempts("ended_at - started_at", since, slot).await
    }

    /// The same, by how long their jobs had waited for a worker since their time had come.
    pub async fn wait_times(
        &self,
        since: DateTime<Utc>,
        slot: Duration,
    ) -> Result<Vec<AttemptCount>> {
        self.count_attempts("COALESCE(waited_ms, 0)", since, slot).await
    }

    async fn count_attempts(
        &self,
        duration: &str,
        since: DateTime<Utc>,
        slot: Duration,
    ) -> Result<Vec<AttemptCount>> {
        // Of ours alone: the text of the expression, and a whole number of milliseconds.
        let slot_ms = ms(slot).max(1);
        let mut step = "CASE".to_owned();
        for (number, bound) in STEPS_MS.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(step, " WHEN {duration} <= {bound} THEN {number}");
        }
        let _ = write!(step, " ELSE {} END", STEPS_MS.len());
        let sql = format!(
            "SELECT ended_at / {slot_ms} AS slot, ended, {step} AS step, COUNT(*) AS attempts \
             FROM job_attempts WHERE ended_at >= $1 GROUP BY 1, 2, 3 ORDER BY 1"
        );
        let statement = self.sql(&sql, [since.timestamp_millis().into()]);
        let rows = self.db.query_all_raw(statement).await?;
        rows.iter().map(|row| count(row, slot_ms)).collect()
    }
}

fn count(row: &QueryResult, slot_ms: i64) -> Result<AttemptCount> {
    let slot: i64 = row.try_get("", "slot")?;
    Ok(AttemptCount {
        slot: time("job_attempts.ended_at", slot.saturating_mul(slot_ms))?,
        end: word(row, "ended")?,
        // A number of ours, from 0 to the number of steps.
        step: usize::try_from(row.try_get::<i32>("", "step")?).unwrap_or_default(),
        count: row.try_get::<i64>("", "attempts")?.unsigned_abs(),
    })
}
