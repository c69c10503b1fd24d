//! Who works: a row for each worker, which says that it lives as long as it does.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};

use super::{Jobs, ms, time};
use crate::{Result, StoreError};

/// How long lost workers are listed, in milliseconds: an hour.
const LOST_KEPT_MS: i64 = 3_600_000;
/// The most workers that are listed.
const MOST_LISTED: u16 = 500;

/// A worker, as it described itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorker {
    /// Its name, by which jobs name it as well.
    pub name: String,
    /// The machine that it runs on.
    pub host: String,
    /// Which queues it serves, with how many places each.
    pub places: BTreeMap<String, u16>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it last gave a sign.
    pub seen_at: DateTime<Utc>,
    /// Whether that was recently enough.
    pub alive: bool,
}

impl<C: ConnectionTrait> Jobs<'_, C> {
    /// The workers, oldest first; those that were lost stay for an hour.
    pub async fn workers(&self) -> Result<Vec<StoredWorker>> {
        let statement = self.sql(
            "SELECT name, host, places, started_at, seen_at, alive_until > {now} AS alive \
             FROM job_workers WHERE alive_until > {now} - $1 ORDER BY started_at, name LIMIT $2",
            [LOST_KEPT_MS.into(), i64::from(MOST_LISTED).into()],
        );
        self.db.query_all_raw(statement).await?.iter().map(worker).collect()
    }
}

impl Jobs<'_, DatabaseTransaction> {
    /// A worker says that it lives, for `lease` from now on; the first time it enters the list.
    /// Those that were lost long ago leave it.
    pub async fn worker_seen(
        &self,
        name: &str,
        host: &str,
        places: &BTreeMap<String, u16>,
        lease: Duration,
    ) -> Result<()> {
        // Names and numbers always serialise.
        let places = serde_json::to_string(places).unwrap_or_default();
        self.change(
            "INSERT INTO job_workers (name, host, places, started_at, seen_at, alive_until) \
             VALUES ($1, $2, $3, {now}, {now}, {now} + $4) ON CONFLICT (name) DO UPDATE \
             SET seen_at = excluded.seen_at, alive_until = excluded.alive_until",
            [name.into(), host.into(), places.into(), ms(lease).into()],
        )
        .await?;
        let forget = "DELETE FROM job_workers WHERE alive_until <= {now} - $1";
        self.change(forget, [LOST_KEPT_MS.into()]).await?;
        Ok(())
    }

    /// A worker ends, having handed back what it held.
    pub async fn worker_gone(&self, name: &str) -> Result<()> {
        self.change("DELETE FROM job_workers WHERE name = $1", [name.into()]).await?;
        Ok(())
    }
}

fn worker(row: &QueryResult) -> Result<StoredWorker> {
    let places: String = row.try_get("", "places")?;
    Ok(StoredWorker {
        name: row.try_get("", "name")?,
        host: row.try_get("", "host")?,
        places: serde_json::from_str(&places)
            .map_err(|_| StoreError::unreadable("job_workers.places", places))?,
        started_at: time("job_workers.started_at", row.try_get("", "started_at")?)?,
        seen_at: time("job_workers.seen_at", row.try_get("", "seen_at")?)?,
        alive: row.try_get("", "alive")?,
    })
}
