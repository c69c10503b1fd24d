//! The keys of triage and of the work in the background.

use std::num::NonZeroUsize;

use atc_core::job::Queue;

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
    /// How often the event log is looked at unasked.
    pub events_poll_ms: u64,
    /// How long a job is its worker's without a heartbeat.
    pub job_lease_ms: u64,
    /// How many jobs of each queue run at the same time.
    pub job_places: Vec<(Queue, u16)>,
}

impl Triage {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Noted> {
        let threads = r.optional("TRIAGE_THREADS", "2", parse::number(1..=256));
        let queue = r.required("TRIAGE_QUEUE", "1024", parse::number(1..=1_000_000));
        let review = r.required("TRIAGE_REVIEW_BELOW", "0.4", probability);
        let timeout = r.required("TRIAGE_TIMEOUT_MS", "3000", parse::number(1..=60_000));
        let labels = r.required("TRIAGE_MAX_LABELS", "20000", parse::number(1..=1_000_000));
        let poll = r.required("BACKGROUND_POLL_MS", "2000", parse::number(50..=60_000));
        let events = r.required("EVENTS_POLL_MS", "500", parse::number(50..=60_000));
        let lease = r.required("JOB_LEASE_MS", "30000", parse::number(500..=3_600_000));
        let places = r.required("JOB_PLACES", "default=2", places);
        Ok(Self {
            threads: threads?.unwrap_or_else(processors),
            queue: queue?,
            review_below: review?,
            timeout_ms: timeout?,
            max_labels: labels?,
            background_poll_ms: poll?,
            events_poll_ms: events?,
            job_lease_ms: lease?,
            job_places: places?,
        })
    }
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
    number.ok_or_else(|| "is not a number from 0 to 1".to_owned())
}

/// `name=places`, separated by commas.
fn places(text: &str) -> Result<Vec<(Queue, u16)>, String> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, places) = pair.split_once('=')?;
            let places = places.trim().parse().ok().filter(|n| (1..=256).contains(n))?;
            Some((Queue::parse(name.trim()).ok()?, places))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| "is no list such as default=2,files=1, each from 1 to 256".to_owned())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_THREADS)
}
