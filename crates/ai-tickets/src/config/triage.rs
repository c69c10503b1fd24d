//! The keys of triage and of the work in the background.

use std::num::NonZeroUsize;

use super::{
    fault::{Noted, Reader},
    parse,
};

/// More threads than this make single texts slower on most machines.
const MOST_THREADS: usize = 4;

/// Reading texts, and the work in the background.
#[derive(Debug, Clone)]
pub struct Triage {
    /// How many threads read texts.
    pub threads: usize,
    /// How many texts may wait.
    pub queue: usize,
    /// Below this probability of the category a person should look.
    pub review_below: f64,
    /// How long a new ticket waits for triage.
    pub timeout_ms: u64,
    /// From how many labelled tickets triage learns at most.
    pub max_labels: u64,
    /// How long background work goes unnoticed that was not announced.
    pub background_poll_ms: u64,
}

impl Triage {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let threads = r.optional("TRIAGE_THREADS", "2", parse::number(1..=256));
        let queue = r.required("TRIAGE_QUEUE", "1024", parse::number(1..=1_000_000));
        let review = r.required("TRIAGE_REVIEW_BELOW", "0.4", probability);
        let timeout = r.required("TRIAGE_TIMEOUT_MS", "3000", parse::number(1..=60_000));
        let labels = r.required("TRIAGE_MAX_LABELS", "20000", parse::number(1..=1_000_000));
        let poll = r.required("BACKGROUND_POLL_MS", "2000", parse::number(50..=60_000));
        Ok(Self {
            threads: threads?.unwrap_or_else(processors),
            queue: queue?,
            review_below: review?,
            timeout_ms: timeout?,
            max_labels: labels?,
            background_poll_ms: poll?,
        })
    }
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
    number.ok_or_else(|| "is not a number from 0 to 1".to_owned())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_THREADS)
}
