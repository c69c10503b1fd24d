//! Noticing that the clock of the database was set back.

use std::{sync::Mutex, time::Duration};

use atc_core::{Result, ports::Wake};
use chrono::{DateTime, TimeDelta, Utc};

use crate::App;

/// Servers that agree about the time differ by less.
const NOTABLE: TimeDelta = TimeDelta::seconds(2);

/// When the database was last asked for the time, by its own word.
#[derive(Debug, Default)]
pub(super) struct LastSeen(Mutex<Option<DateTime<Utc>>>);

impl LastSeen {
    /// Whether the clock may have been set back since it was last asked. The first time nobody knows.
    fn may_be_set_back(&self, now: DateTime<Utc>) -> bool {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = last.replace(now);
        before.is_none_or(|before| now + NOTABLE < before)
    }
}

impl App {
    /// Lets nothing wait for a time that was called off.
    pub(super) async fn mind_the_clock(&self, last: &LastSeen) -> Result<()> {
        let now = self.store.jobs().now().await?;
        if !last.may_be_set_back(now) {
            return Ok(());
        }
        let lease = Duration::from_millis(self.config.job_lease_ms);
        let tx = self.store.begin().await?;
        let changed = tx.jobs().clock_was_set_back(lease).await?;
        tx.commit().await?;
        if changed > 0 {
            tracing::warn!(changed, "the clock of the database was set back; jobs go by it again");
            self.wake(Wake::Jobs);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_is_noticed_once() {
        let at = |s: i64| DateTime::from_timestamp(1_000_000 + s, 0).unwrap();
        let last = LastSeen::default();
        let seen = [0, 5, 4, 10, -3600, -3590].map(|s| last.may_be_set_back(at(s)));
        assert_eq!(seen, [true, false, false, false, true, false]);
    }
}
