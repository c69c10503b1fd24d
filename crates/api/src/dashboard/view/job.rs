//! One job with its payload, its history, and what can be done with it.

use atc_app::{JobDetail, StoredAttempt, StoredJob};
use atc_core::job::JobState;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde_json::Value;

use super::{
    Frame, Place,
    format::{badge, between, clipped, duration, end, exact, moment},
    page,
};

/// How much of a payload is shown.
const PAYLOAD_CHARS: usize = 20_000;

/// The page.
pub(in super::super) fn job(frame: &Frame, now: DateTime<Utc>, detail: &JobDetail) -> Markup {
    let JobDetail { job, attempts } = detail;
    page(
        frame,
        Place::Jobs,
        &job.kind,
        &html! {
            p .back { a href="/jobs" { "All jobs" } }
            section #job data-live aria-labelledby="title" {
                div .head {
                    h1 #title { (job.kind) }
                    (badge(job.state))
                    @if let Some(percent) = job.progress.filter(|_| job.state == JobState::Running) {
                        progress max="100" value=(percent) { (percent) " %" }
                        span .muted { (percent) " % " (job.progress_note.as_deref().unwrap_or_default()) }
                    }
                    (actions(job))
                }
                div .card { (facts(job, now)) }
                @if let Some(error) = &job.last_error {
                    h2 { "Last error" }
                    pre .error { (error) }
                }
                h2 { "Attempts" }
                div .card { (history(attempts, now)) }
            }
            section aria-labelledby="payload-title" {
                h2 #payload-title { "Payload" }
                pre #payload tabindex="0" { (payload(&job.payload)) }
                p .muted { "What may be a secret is left out." }
            }
        },
    )
}

fn actions(job: &StoredJob) -> Markup {
    let waits_or_runs = !job.state.is_final();
    let retriable = matches!(job.state, JobState::Failed | JobState::Dead | JobState::Cancelled);
    html! {
        div .actions {
            @if retriable { (button(job, "retry", "Retry", "primary")) }
            @if waits_or_runs { (button(job, "cancel", "Cancel", "plain")) }
            @if job.state != JobState::Running {
                details #sure .sure {
                    summary .button { "Delete …" }
                    div .popup {
                        p { "Delete this job with its history? It cannot be brought back." }
                        (button(job, "delete", "Delete for good", "danger"))
                    }
                }
            }
        }
    }
}

fn button(job: &StoredJob, verb: &str, word: &str, class: &str) -> Markup {
    html! {
        form method="post" action={ "/jobs/" (job.id) "/" (verb) } {
            button #(verb) class=(class) type="submit" { (word) }
        }
    }
}

fn facts(job: &StoredJob, now: DateTime<Utc>) -> Markup {
    let fact = |name: &str, value: &Markup| {
        html! { div { dt { (name) } dd { (value) } } }
    };
    html! {
        dl .facts {
            (fact("Job", &html! { code { (job.id) } }))
            (fact("Queue", &html! { a href={ "/jobs?queue=" (job.queue) } { (job.queue) } }))
            (fact("Attempts", &html! { (job.attempt) " of " (job.max_attempts) }))
            @if job.deaths > 0 { (fact("Workers lost with it", &html! { (job.deaths) })) }
            @if let Some(key) = &job.unique_key {
                (fact("One at a time for", &html! { code { (clipped(key, 200)) } }))
            }
            (fact("Added", &html! { (exact(job.created_at)) " " span .muted { (moment(job.created_at, now)) } }))
            @if job.state == JobState::Ready {
                (fact("Due", &html! { (exact(job.run_at)) " " span .muted { (moment(job.run_at, now)) } }))
            }
            @if let Some(at) = job.started_at {
                (fact("Last begun", &html! { (exact(at)) " " span .muted { (moment(at, now)) } }))
            }
            @if let Some(at) = job.finished_at {
                (fact("Ended", &html! { (exact(at)) " " span .muted { (moment(at, now)) } }))
            }
            @if let Some(worker) = &job.worker {
                (fact("Worker", &html! { code { (worker) } }))
            }
            @if let Some(until) = job.lease_until {
                (fact("Lease", &html! { "ends " (moment(until, now)) " without a sign" }))
            }
        }
    }
}

fn history(attempts: &[StoredAttempt], now: DateTime<Utc>) -> Markup {
    if attempts.is_empty() {
        return html! { p .muted { "None has begun." } };
    }
    html! {
        div .wide { table #attempts {
            thead { tr {
                th .number scope="col" { "No." }
                th scope="col" { "Began (UTC)" }
                th .number scope="col" { "Waited" }
                th .number scope="col" { "Ran" }
                th scope="col" { "End" }
                th scope="col" { "Worker" }
                th scope="col" { "Error" }
            } }
            tbody {
                @for attempt in attempts.iter().rev() {
                    tr {
                        td .number { (attempt.number) }
                        td { (exact(attempt.started_at)) }
                        td .number { (attempt.waited_ms.map_or("–".to_owned(), waited)) }
                        td .number { (between(attempt.started_at, attempt.ended_at.unwrap_or(now))) }
                        td { (end(attempt.end)) }
                        td { code { (attempt.worker) } }
                        td .says { (attempt.error.as_deref().unwrap_or_default()) }
                    }
                }
            }
        } }
    }
}

fn waited(ms: u64) -> String {
    duration(f64::from(u32::try_from(ms).unwrap_or(u32::MAX)))
}

/// The payload on many lines.
fn payload(json: &str) -> String {
    let value: Option<Value> = serde_json::from_str(json).ok();
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    clipped(&pretty.unwrap_or_default(), PAYLOAD_CHARS)
}
