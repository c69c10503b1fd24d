//! A PostgreSQL server that follows the database and answers reads in its place.
//!
//! The rule: a read goes there when that server has replayed all that was committed before the read was
//! asked for. So it sees whatever anybody wrote before, at whichever process, as on the primary; nobody's
//! writes need to be remembered. Ongaro, "Consensus: Bridging Theory and Practice", 2014, 6.4, does the
//! same with the index of a log.

use std::{
    sync::PoisonError,
    time::{Duration, Instant},
};

use sea_orm::SqlxPostgresConnector;
use sqlx::PgPool;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{sleep, timeout},
};

use super::{Store, dialect};
use crate::{Result, StoreError};

/// How long a server may take to say how far it is.
const ANSWER: Duration = Duration::from_millis(250);
/// How long a read waits for the replica to catch up.
const CATCH_UP: Duration = Duration::from_millis(25);
/// How long it is left alone after it failed; then one read tries it again.
const LEFT_ALONE: Duration = Duration::from_secs(1);
/// How often a server that takes long for a read is asked whether it still lives.
const WATCHED: Duration = Duration::from_millis(500);

/// Why the replica does not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It does not answer, or not in time.
    Silent,
    /// It lacks what the primary has.
    Behind,
    /// It follows another database, or none.
    Stranger,
}

impl Trouble {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "does not answer",
            Self::Behind => "lags behind",
            Self::Stranger => "follows another database, or none",
        }
    }
}

/// How far a server is: which database cluster it holds, on which of its timelines, up to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    system: i64,
    timeline: i64,
    position: i64,
}

/// A comparison of both servers.
#[derive(Clone, Copy)]
struct Look {
    began: Instant,
    trouble: Option<Trouble>,
}

/// The replica, and what is known of it.
pub(super) struct Replica {
    /// Reads there and writes at the primary.
    store: Store,
    /// A connection to each server that no request holds.
    primary: PgPool,
    follower: PgPool,
    /// The latest comparison. Who compares holds it, and whoever waits meanwhile takes over the result.
    latest: Mutex<Option<Look>>,
    /// Why it is left alone, and until when.
    aside: std::sync::Mutex<Option<(Trouble, Instant)>>,
}

impl Replica {
    /// Connects when it is used: a replica that is not there must not hold up the start.
    pub(super) fn new(primary: &Store, url: &str) -> Result<Self> {
        let mut config = (*primary.config).clone();
        url.clone_into(&mut config.url);
        let pool = super::connect::lazy_pool(&config, config.max_connections)?;
        let read = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        Ok(Self {
            store: primary.reading_at(read),
            primary: super::connect::lazy_pool(&primary.config, 1)?,
            follower: super::connect::lazy_pool(&config, 1)?,
            latest: Mutex::new(None),
            aside: std::sync::Mutex::new(None),
        })
    }

    /// The store that reads there, if it has all that was committed before this call.
    pub(super) async fn caught_up(&self) -> Result<&Store, Option<Trouble>> {
        let asked = Instant::now();
        let mut latest = self.turn(asked).await?;
        // A comparison that began after this call says as much as a new one.
        let look = match *latest {
            Some(look) if look.began >= asked => look,
            _ => {
                if let Some(trouble) = self.left_alone(Instant::now()) {
                    return Err(Some(trouble));
                }
                let look = self.look().await?;
                *latest = Some(look);
                self.note(look.trouble);
                look
            }
        };
        match look.trouble {
            None => Ok(&self.store),
            trouble => Err(trouble),
        }
    }

    /// Waits for its turn to compare. Of a server that failed only one read at a time asks again; the
    /// others do without.
    async fn turn(&self, asked: Instant) -> Result<MutexGuard<'_, Option<Look>>, Option<Trouble>> {
        let aside = *self.aside();
        match aside {
            None => Ok(self.latest.lock().await),
            Some((trouble, until)) if asked < until => Err(Some(trouble)),
            Some((trouble, _)) => self.latest.try_lock().map_err(|_| Some(trouble)),
        }
    }

    /// Compares both servers. Fails when the primary says nothing: then the replica is not to blame.
    async fn look(&self) -> Result<Look, Option<Trouble>> {
        let began = Instant::now();
        let needed = progress(&self.primary, dialect::PRIMARY_PROGRESS).await.map_err(|_| None)?;
        let trouble = loop {
            match progress(&self.follower, dialect::REPLICA_PROGRESS).await {
                Err(trouble) => break Some(trouble),
                Ok(there) if there.system != needed.system => break Some(Trouble::Stranger),
                // After a failover, until the replica is known to follow the new primary.
                Ok(there) if there.timeline != needed.timeline => break Some(Trouble::Behind),
                Ok(there) if there.position >= needed.position => break None,
                Ok(_) if began.elapsed() > CATCH_UP => break Some(Trouble::Behind),
                Ok(_) => sleep(Duration::from_millis(1)).await,
            }
        };
        Ok(Look { began, trouble })
    }

    /// Ends when the replica stops answering, which a read that takes long there does not notice.
    pub(super) async fn dies(&self) {
        loop {
            sleep(WATCHED).await;
            if let Err(trouble) = progress(&self.follower, dialect::REPLICA_PROGRESS).await {
                return self.note(Some(trouble));
            }
        }
    }

    /// Notes that a read failed there which the primary may serve.
    pub(super) fn failed(&self) {
        self.note(Some(Trouble::Silent));
    }

    fn note(&self, trouble: Option<Trouble>) {
        let before = std::mem::replace(
            &mut *self.aside(),
            trouble.map(|trouble| (trouble, Instant::now() + LEFT_ALONE)),
        );
        match (before, trouble) {
            (None, Some(trouble)) => {
                tracing::warn!("the replica {}; the primary serves all reads", trouble.as_str());
            }
            (Some(_), None) => tracing::info!("the replica serves reads again"),
            _ => {}
        }
    }

    fn left_alone(&self, now: Instant) -> Option<Trouble> {
        self.aside().filter(|(_, until)| now < *until).map(|(trouble, _)| trouble)
    }

    fn aside(&self) -> std::sync::MutexGuard<'_, Option<(Trouble, Instant)>> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn close(&self) {
        self.primary.close().await;
        self.follower.close().await;
        if let Err(e) = self.store.read.close_by_ref().await {
            tracing::warn!(error = %e, "closing the replica");
        }
    }
}

/// What a server says of itself.
async fn progress(server: &PgPool, query: &'static str) -> Result<Progress, Trouble> {
    match timeout(ANSWER, sqlx::query_as::<_, (i64, i64, i64)>(query).fetch_optional(server)).await
    {
        Ok(Ok(Some((system, timeline, position)))) => Ok(Progress { system, timeline, position }),
        Ok(Ok(None)) => Err(Trouble::Stranger),
        Ok(Err(e)) => {
            tracing::debug!(error = %e, "a server does not say how far it is");
            Err(Trouble::Silent)
        }
        Err(_) => Err(Trouble::Silent),
    }
}

impl Store {
    /// Runs a read at the replica where there is one that has all that was committed before, else at the
    /// primary; also at the primary when the replica fails half-way. For reads that are worth the question:
    /// lists, searches, statistics, exports. `read` may run twice.
    pub async fn read<T>(&self, read: impl AsyncFnOnce(&Store) -> Result<T> + Clone) -> Result<T> {
        let Some(replica) = &self.replica else { return read(self).await };
        let Ok(there) = replica.caught_up().await else { return read(self).await };
        tokio::select! {
            answer = read.clone()(there) => match answer {
                Err(e) if e.is_of_the_server() => replica.failed(),
                // It may be a conflict with what is replayed.
                Err(StoreError::Contended(_)) => {}
                answer => return answer,
            },
            () = replica.dies() => {}
        }
        read(self).await
    }

    /// Whether the replica serves, or why not; `None` without one.
    pub async fn replica_state(&self) -> Option<Result<(), String>> {
        let replica = self.replica.as_ref()?;
        Some(match replica.caught_up().await {
            Ok(_) => Ok(()),
            Err(Some(trouble)) => Err(trouble.as_str().to_owned()),
            Err(None) => {
                Err("cannot be compared with the primary, which does not answer".to_owned())
            }
        })
    }
}
