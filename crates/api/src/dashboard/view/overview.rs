//! The overview: counts, charts, queues, workers.

use atc_app::{HistoryWindow, JobsOverview, QueueOverview, WorkerOverview};
use atc_core::job::JobState;
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{
    Frame, Place, chart,
    format::{badge, clipped, count, duration, moment},
    page,
};

/// The states that the queues show in columns.
const COLUMNS: [JobState; 5] =
    [JobState::Ready, JobState::Running, JobState::Failed, JobState::Dead, JobState::Done];

/// The page.
pub(in super::super) fn overview(frame: &Frame, overview: &JobsOverview) -> Markup {
    page(
        frame,
        Place::Overview,
        "Overview",
        &html! {
            h1 .hidden { "Overview" }
            (tiles(overview))
            (charts(overview))
            (queues(overview))
            (workers(overview))
        },
    )
}

fn tiles(overview: &JobsOverview) -> Markup {
    let totals = overview.totals();
    let later: u64 = overview.queues.iter().map(|queue| queue.later).sum();
    let (alive, lost): (Vec<_>, Vec<_>) = overview.workers.iter().partition(|w| w.alive);
    html! {
        section #tiles .tiles data-live aria-label="In short" {
            @for state in COLUMNS {
                @let name = if state == JobState::Ready { "Waiting" } else { title(state) };
                a class={ "tile " (state.as_str()) } href={ "/jobs?state=" (state.as_str()) } {
                    span .name { (name) }
                    strong { (count(totals.of(state))) }
                    span .note {
                        @if state == JobState::Ready && later > 0 { (count(later)) " for later" }
                        @if state == JobState::Done { "in the last week" }
                    }
                }
            }
            div class={ "tile workers" @if alive.is_empty() { " none" } } {
                span .name { "Workers" }
                strong { (alive.len()) }
                span .note { @if !lost.is_empty() { (lost.len()) " lost in the last hour" } }
            }
        }
    }
}

const fn title(state: JobState) -> &'static str {
    match state {
        JobState::Ready => "Waiting",
        JobState::Running => "Running",
        JobState::Done => "Done",
        JobState::Failed => "Failed",
        JobState::Dead => "Dead",
        JobState::Cancelled => "Cancelled",
    }
}

fn charts(overview: &JobsOverview) -> Markup {
    let history = &overview.history;
    let minutes = history.window.slot().as_secs() / 60;
    let slot = if minutes == 1 { "minute".to_owned() } else { format!("{minutes} minutes") };
    html! {
        section #charts data-live aria-label="Over time" {
            div .windows role="group" aria-label="How far back" {
                @for window in HistoryWindow::ALL {
                    a href={ "/?window=" (window.as_str()) }
                        aria-current=[(window == history.window).then_some("true")] {
                        "Last " (window.as_str())
                    }
                }
            }
            div .charts {
                figure .card {
                    figcaption { h2 { "Attempts per " (slot) } (chart::legend(false)) }
                    (chart::throughput(history))
                }
                figure .card {
                    figcaption { h2 { "How long they took" } (chart::legend(true)) }
                    (chart::latency(history))
                }
            }
            details #figures { summary { "The figures as a table" } (chart::table(history)) }
        }
    }
}

fn queues(overview: &JobsOverview) -> Markup {
    html! {
        section #queues .card data-live aria-labelledby="queues-title" {
            h2 #queues-title { "Queues" }
            @if overview.queues.is_empty() {
                p .muted { "No job was ever added, and no worker serves a queue." }
            } @else {
                div .wide { table {
                    thead { tr {
                        th scope="col" { "Queue" }
                        @for state in COLUMNS { th .number scope="col" { (title(state)) } }
                        th .number scope="col" { "Longest wait" }
                        th .number scope="col" { "Places" }
                        th scope="col" { span .hidden { "Hold or go on" } }
                    } }
                    tbody { @for queue in &overview.queues { (queue_row(queue)) } }
                } }
            }
        }
    }
}

fn queue_row(queue: &QueueOverview) -> Markup {
    let (verb, word) = if queue.paused { ("resume", "Resume") } else { ("pause", "Pause") };
    html! {
        tr {
            th scope="row" {
                a href={ "/jobs?queue=" (queue.name) } { (queue.name) }
                @if queue.paused { " " span .badge .cancelled { "paused" } }
            }
            @for state in COLUMNS {
                @let jobs = queue.counts.of(state);
                td .number {
                    @if jobs == 0 { span .muted { "0" } } @else {
                        a href={ "/jobs?queue=" (queue.name) "&state=" (state.as_str()) } {
                            (count(jobs))
                        }
                    }
                }
            }
            td .number { (queue.oldest_wait_s.map_or("–".to_owned(), seconds)) }
            td .number { (queue.places) }
            td .buttons {
                form method="post" action={ "/queues/" (queue.name) "/" (verb) } {
                    button #{ (verb) "-" (queue.name) } .small type="submit"
                        aria-label={ (word) " the queue " (queue.name) } { (word) }
                }
            }
        }
    }
}

fn seconds(s: u64) -> String {
    let s = u32::try_from(s).unwrap_or(u32::MAX);
    if s < 60 { format!("{s} s") } else { duration(f64::from(s) * 1_000.0) }
}

fn workers(overview: &JobsOverview) -> Markup {
    html! {
        section #workers .card data-live aria-labelledby="workers-title" {
            h2 #workers-title { "Workers" }
            @if overview.workers.is_empty() {
                p .fault {
                    "No worker lives: jobs wait until a process with the role " code { "worker" }
                    " is started."
                }
            } @else {
                div .wide { table {
                    thead { tr {
                        th scope="col" { "Worker" }
                        th scope="col" { "Queues and places" }
                        th scope="col" { "Since" }
                        th scope="col" { "Last sign" }
                        th scope="col" { "Runs" }
                    } }
                    tbody { @for w in &overview.workers { (worker_row(w, overview.at)) } }
                } }
            }
        }
    }
}

fn worker_row(worker: &WorkerOverview, now: DateTime<Utc>) -> Markup {
    html! {
        tr {
            th scope="row" {
                code { (worker.name) } " " span .muted { "on " (worker.host) }
                @if !worker.alive { " " span .badge .dead { "lost" } }
            }
            td { @for (queue, places) in &worker.places { span .place { (queue) " × " (places) } " " } }
            td { (moment(worker.started_at, now)) }
            td { (moment(worker.seen_at, now)) }
            td {
                @if worker.running.is_empty() { span .muted { "nothing" } }
                @for job in &worker.running {
                    div .run {
                        (badge(job.state)) " "
                        a href={ "/jobs/" (job.id) } { (job.kind) } " "
                        @if let Some(percent) = job.progress {
                            progress max="100" value=(percent) { (percent) " %" } " "
                        }
                        @if let Some(note) = &job.progress_note {
                            span .muted { (clipped(note, 60)) }
                        }
                    }
                }
            }
        }
    }
}
