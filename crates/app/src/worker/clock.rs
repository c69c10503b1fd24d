//! Noticing that the clock of the database was set back.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use atc_core::{Result, ports::Wake};
use chrono::{DateTime, TimeDelta, Utc};

use crate::App;

/// Servers that agree about the time differ by less.
const NOTABLE: TimeDelta = TimeDelta::seconds(2);

/// For how long after a step back there may be more to put right: a transaction that was open then, or a
/// process that learns of the new time later, still writes down the old one.
const HEEDED_FOR: Duration = Duration::from_mins(1);

/// When the database was last asked for the time, by its own word, and until when it matters that its clock
/// was set back.
#[derive(Debug, Default)]
pub(super) struct LastSeen(Mutex<Option<(DateTime<Utc>, Instant)>>);

impl LastSeen {
    /// Whether something may wait for a time that was called off. The first time nobody knows.
    fn may_be_set_back(&self, now: DateTime<Utc>, asked_at: Instant) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heeded_until = match *seen {
            Some((last, until)) if now + NOTABLE >= last => until,
            _ => asked_at + HEEDED_FOR,
        };
        *seen = Some((now, heeded_until));
        asked_at < heeded_until
    }
}

impl App {
    /// Lets nothing wait for a time that was called off.
    pub(super) async fn mind_the_clock(&self, last: &LastSeen) -> Result<()> {
        let now = self.store.jobs().now().await?;
        if !last.may_be_set_back(now, Instant::now()) {
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
    fn a_step_back_is_heeded_for_a_while() {
        let begun = Instant::now();
        let last = LastSeen::default();
        // What the database says, and how many seconds have really gone by.
        let asked = [
            (0, 0, true),
            (5, 5, true),
            (60, 60, false),
            (59, 61, false),
            (-3600, 62, true),
            (-3541, 121, true),
            (-3540, 122, false),
        ];
        for (says, s, heeded) in asked {
            let now = DateTime::from_timestamp(1_000_000 + says, 0).unwrap();
            let at = begun + Duration::from_secs(s);
            assert_eq!(last.may_be_set_back(now, at), heeded, "{says} at {s}");
        }
    }
}
