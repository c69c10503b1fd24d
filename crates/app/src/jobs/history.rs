//! Throughput and latency over time, counted from the attempts in the database.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use atc_core::{
    Result,
    job::{AttemptEnd, Latencies},
};
use atc_store::AttemptCount;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tokio::{sync::Mutex, time::Instant};

use crate::App;

/// How far back one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum HistoryWindow {
    /// The last hour, by minutes.
    #[default]
    Hour,
    /// The last day, by quarters of an hour.
    Day,
}

impl HistoryWindow {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// How long a slot is.
    #[must_use]
    pub const fn slot(self) -> Duration {
        match self {
            Self::Hour => Duration::from_mins(1),
            Self::Day => Duration::from_mins(15),
        }
    }

    /// How many slots there are.
    #[must_use]
    pub const fn slots(self) -> u16 {
        match self {
            Self::Hour => 60,
            Self::Day => 96,
        }
    }

    /// How long an answer serves: counting reads every attempt of the window, and many may watch.
    const fn kept(self) -> Duration {
        match self {
            Self::Hour => Duration::from_secs(2),
            Self::Day => Duration::from_secs(30),
        }
    }
}

impl std::str::FromStr for HistoryWindow {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|window| window.as_str() == word);
        found.ok_or("This is one of hour, day.")
    }
}

/// What happened in one slot of time.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPoint {
    /// When the slot begins.
    pub at: DateTime<Utc>,
    /// Attempts that did their job.
    pub done: u64,
    /// Attempts that failed, for good or not, or whose worker was lost.
    pub failed: u64,
    /// How long half of these attempts ran at most, in milliseconds, estimated.
    pub run_p50_ms: Option<f64>,
    /// The same of 95 in 100.
    pub run_p95_ms: Option<f64>,
    /// How long 95 in 100 of their jobs had waited at most since their time had come.
    pub wait_p95_ms: Option<f64>,
}

/// What happened over time. Attempts that were handed back or cancelled do not count.
#[derive(Debug, Clone, PartialEq)]
pub struct JobHistory {
    /// How far it goes back.
    pub window: HistoryWindow,
    /// Every slot, oldest first; the last one is not over yet.
    pub points: Vec<HistoryPoint>,
}

/// The last answers, so that what is counted does not grow with the number of those who watch.
#[derive(Default)]
pub(crate) struct HistoryCache(Mutex<BTreeMap<HistoryWindow, (Instant, Arc<JobHistory>)>>);

impl App {
    /// Throughput and latency over time; a little old where it was asked for a moment ago.
    pub async fn job_history(&self, window: HistoryWindow) -> Result<Arc<JobHistory>> {
        // Held while counting: whoever comes meanwhile takes what the first one finds.
        let mut kept = self.job_history.0.lock().await;
        if let Some((at, history)) = kept.get(&window)
            && at.elapsed() < window.kept()
        {
            return Ok(Arc::clone(history));
        }
        let history = Arc::new(self.count_history(window).await?);
        kept.insert(window, (Instant::now(), Arc::clone(&history)));
        Ok(history)
    }

    async fn count_history(&self, window: HistoryWindow) -> Result<JobHistory> {
        let now = self.store.jobs().now().await?;
        let slot = TimeDelta::from_std(window.slot()).unwrap_or(TimeDelta::minutes(1));
        let last = now.duration_trunc(slot).unwrap_or(now);
        let since = last - slot * i32::from(window.slots() - 1);
        let runs = self.store.jobs().run_times(since, window.slot()).await?;
        let waits = self.store.jobs().wait_times(since, window.slot()).await?;
        let slots = (0..i32::from(window.slots())).map(|n| since + slot * n);
        Ok(JobHistory { window, points: points(slots, &runs, &waits) })
    }
}

#[derive(Default)]
struct Tally {
    done: u64,
    failed: u64,
    runs: Latencies,
    waits: Latencies,
}

fn points(
    slots: impl Iterator<Item = DateTime<Utc>>,
    runs: &[AttemptCount],
    waits: &[AttemptCount],
) -> Vec<HistoryPoint> {
    let mut tallies: BTreeMap<DateTime<Utc>, Tally> = BTreeMap::new();
    for counted in runs.iter().filter(|c| counts(c.end)) {
        let tally = tallies.entry(counted.slot).or_default();
        match counted.end {
            AttemptEnd::Done => tally.done += counted.count,
            _ => tally.failed += counted.count,
        }
        tally.runs.add(counted.step, counted.count);
    }
    for counted in waits.iter().filter(|c| counts(c.end)) {
        tallies.entry(counted.slot).or_default().waits.add(counted.step, counted.count);
    }
    let point = |at| {
        let tally = tallies.remove(&at).unwrap_or_default();
        HistoryPoint {
            at,
            done: tally.done,
            failed: tally.failed,
            run_p50_ms: tally.runs.quantile(0.5),
            run_p95_ms: tally.runs.quantile(0.95),
            wait_p95_ms: tally.waits.quantile(0.95),
        }
    };
    slots.map(point).collect()
}

const fn counts(end: AttemptEnd) -> bool {
    !matches!(end, AttemptEnd::HandedBack | AttemptEnd::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_gets_what_ended_in_it() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
        let count = |minute, end, ms, count| AttemptCount {
            slot: at(minute),
            end,
            step: Latencies::step(ms),
            count,
        };
        let runs = [
            count(1, AttemptEnd::Done, 15, 3),
            count(1, AttemptEnd::Retry, 100, 1),
            count(1, AttemptEnd::HandedBack, 9_000, 5),
            count(2, AttemptEnd::Lost, 30_000, 1),
            // Older than the window: it must not be shown.
            count(-9, AttemptEnd::Done, 1, 1),
        ];
        let waits = [count(1, AttemptEnd::Done, 2, 4)];
        let points = points((0..3).map(at), &runs, &waits);
        let counted: Vec<_> = points.iter().map(|p| (p.done, p.failed)).collect();
        assert_eq!(counted, [(0, 0), (3, 1), (0, 1)]);
        assert_eq!(points[0].run_p50_ms, None);
        assert!(points[1].run_p50_ms.is_some_and(|ms| (10.0..=15.0).contains(&ms)));
        assert!(points[1].run_p95_ms.is_some_and(|ms| (70.0..=100.0).contains(&ms)));
        assert!(points[1].wait_p95_ms.is_some_and(|ms| (1.0..=2.0).contains(&ms)));
    }
}
