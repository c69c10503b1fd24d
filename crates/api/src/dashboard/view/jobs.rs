//! The list of jobs.

use atc_app::{JobFilter, QueueOverview, StoredJob};
use atc_core::job::{JobKind, JobState, Queue};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{
    Frame, Place,
    format::{badge, clipped, count, moment, state},
    page,
};

/// How much of an error a row shows.
const ERROR_CHARS: usize = 120;

/// The way to other pages of the list.
pub(in super::super) struct Turn {
    /// Whether this is the first page.
    pub first: bool,
    /// Where older jobs are.
    pub older: Option<String>,
}

/// The page.
pub(in super::super) fn jobs(
    frame: &Frame,
    now: DateTime<Utc>,
    filter: &JobFilter,
    queues: &[QueueOverview],
    jobs: &[StoredJob],
    turn: &Turn,
) -> Markup {
    page(
        frame,
        Place::Jobs,
        "Jobs",
        &html! {
            h1 { "Jobs" }
            (filters(filter, queues))
            section #jobs .card data-live aria-label="Jobs, newest first" {
                @if jobs.is_empty() {
                    p .muted { "No job is like this." }
                } @else {
                    div .wide { (table(jobs, now)) }
                }
            }
            nav .turn aria-label="Pages of the list" {
                @if !turn.first { a .button href=(newest(filter)) { "Newest" } }
                @if let Some(older) = &turn.older { a .button rel="next" href=(older) { "Older" } }
            }
        },
    )
}

fn table(jobs: &[StoredJob], now: DateTime<Utc>) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Kind" }
                th scope="col" { "State" }
                th scope="col" { "Queue" }
                th .number scope="col" { "Attempts" }
                th scope="col" { "Added" }
                th scope="col" { "Last change" }
                th scope="col" { "What it says" }
            } }
            tbody {
                @for job in jobs {
                    tr {
                        th scope="row" { a href={ "/jobs/" (job.id) } { (job.kind) } }
                        td { (badge(job.state)) }
                        td { (job.queue) }
                        td .number { (job.attempt) " of " (job.max_attempts) }
                        td { (moment(job.created_at, now)) }
                        td { (last_change(job, now)) }
                        td .says { (says(job)) }
                    }
                }
            }
        }
    }
}

fn last_change(job: &StoredJob, now: DateTime<Utc>) -> Markup {
    match (job.state, job.started_at, job.finished_at) {
        (JobState::Ready, ..) if job.run_at > now => html! { "due " (moment(job.run_at, now)) },
        (JobState::Ready, ..) => html! { "due since " (moment(job.run_at, now)) },
        (JobState::Running, Some(at), _) => html! { "began " (moment(at, now)) },
        (_, _, Some(at)) => html! { "ended " (moment(at, now)) },
        _ => html! {},
    }
}

fn says(job: &StoredJob) -> Markup {
    let note = job.progress_note.as_deref().filter(|_| job.state == JobState::Running);
    let error = job.last_error.as_deref().filter(|_| job.state != JobState::Done);
    html! {
        @if let Some(percent) = job.progress.filter(|_| job.state == JobState::Running) {
            progress max="100" value=(percent) { (percent) " %" } " "
        }
        @if let Some(note) = note { (clipped(note, ERROR_CHARS)) }
        @else if let Some(error) = error { (clipped(error, ERROR_CHARS)) }
    }
}

fn filters(filter: &JobFilter, queues: &[QueueOverview]) -> Markup {
    let queue = filter.queue.as_ref().map(Queue::as_str);
    html! {
        form .filters method="get" action="/jobs" role="search" {
            label { "State"
                select name="state" {
                    option value="" { "all" }
                    @for word in JobState::ALL {
                        @let all: u64 = queues.iter().map(|q| q.counts.of(*word)).sum();
                        option value=(word.as_str()) selected[filter.state == Some(*word)] {
                            (state(*word)) " (" (count(all)) ")"
                        }
                    }
                }
            }
            label { "Queue"
                select name="queue" {
                    option value="" { "all" }
                    @for known in queues {
                        option value=(known.name) selected[queue == Some(known.name.as_str())] {
                            (known.name)
                        }
                    }
                    // A queue that holds nothing any more, named by a link.
                    @if let Some(name) = queue.filter(|name| queues.iter().all(|q| q.name != *name)) {
                        option value=(name) selected { (name) }
                    }
                }
            }
            label { "Kind"
                input name="kind" type="text" size="24" maxlength="64" spellcheck="false"
                    autocapitalize="none" placeholder="such as system.sweep.v1"
                    pattern="[a-z][a-z0-9._\\-]*" title="The whole name, such as system.sweep.v1"
                    value=[filter.kind.as_ref().map(JobKind::as_str)];
            }
            button type="submit" { "Show" }
            @if filter.state.is_some() || filter.queue.is_some() || filter.kind.is_some() {
                a href="/jobs" { "Show all" }
            }
        }
    }
}

/// The first page of the same list.
fn newest(filter: &JobFilter) -> String {
    let wanted = [
        ("state", filter.state.map(JobState::as_str)),
        ("queue", filter.queue.as_ref().map(Queue::as_str)),
        ("kind", filter.kind.as_ref().map(JobKind::as_str)),
    ];
    let pairs = wanted.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/jobs?{query}")
}
