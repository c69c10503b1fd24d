//! Which clock a process goes by.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use atc_app::App;
use atc_core::ports::Clock;
use atc_platform::{SharedClock, SystemClock};
use atc_store::{Engine, Result, Store};
use chrono::{DateTime, TimeDelta, Utc};

/// How often the shared clock is looked at.
const EVERY: Duration = Duration::from_secs(10);
/// An answer that took longer says little about the time.
const LONGEST_LOOK: Duration = Duration::from_secs(1);
/// From which difference on the operator is told.
const NOTABLE: TimeDelta = TimeDelta::seconds(5);

/// The clock of a process, and what keeps it right.
pub enum ProcessClock {
    /// The machine's: all processes on a SQLite database are on one machine.
    Machine,
    /// The database's: machines need not agree.
    Database(Arc<SharedClock>),
}

impl ProcessClock {
    /// The clock that fits the database.
    pub async fn of(store: &Store) -> Result<Self> {
        if store.engine() == Engine::Sqlite {
            return Ok(Self::Machine);
        }
        let (now, _) = look(store).await?;
        let difference = (SystemClock.now() - now).abs();
        if difference > NOTABLE {
            tracing::warn!(
                seconds = difference.num_seconds(),
                "the clock of this machine differs from the database's, which is followed; set it right"
            );
        }
        Ok(Self::Database(Arc::new(SharedClock::showing(now))))
    }

    /// What tells the time.
    pub fn port(&self) -> Arc<dyn Clock> {
        match self {
            Self::Machine => Arc::new(SystemClock),
            Self::Database(clock) => Arc::clone(clock) as Arc<dyn Clock>,
        }
    }

    /// Keeps it right as long as the application runs.
    pub fn keep(self, app: &Arc<App>, store: Store) {
        let Self::Database(clock) = self else { return };
        let stop = app.shutdown_token().clone();
        app.tasks().spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(EVERY) => {}
                }
                match look(&store).await {
                    Ok((now, took)) if took <= LONGEST_LOOK => clock.set(now),
                    Ok(_) => {}
                    // It goes on by itself meanwhile.
                    Err(e) => tracing::debug!(error = %e, "the database does not tell the time"),
                }
            }
        });
    }
}

/// The time of the database, and how long it took to learn.
async fn look(store: &Store) -> Result<(DateTime<Utc>, Duration)> {
    let begun = Instant::now();
    let now = store.jobs().now().await?;
    let took = begun.elapsed();
    // It was read about half-way.
    Ok((now + TimeDelta::from_std(took / 2).unwrap_or_default(), took))
}
