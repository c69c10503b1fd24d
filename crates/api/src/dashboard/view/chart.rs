//! Charts, drawn by the server: they need no script, and carry their figures as a table.

use std::fmt::Write;

use atc_app::{HistoryPoint, JobHistory};
use chrono::{DateTime, Timelike, Utc};
use maud::{Markup, html};

use super::format::{count, duration};

/// The size of a drawing in its own units, and where its axes stand.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 712.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 176.0;

/// Attempts that ended, by slots: bars of those that did their job, with those that failed on top.
pub(super) fn throughput(history: &JobHistory) -> Markup {
    let points = &history.points;
    let most = points.iter().map(|p| p.done + p.failed).max().unwrap_or(0);
    let top = ceiling(most);
    let y = |n: u64| BOTTOM - (BOTTOM - TOP) * as_f64(n) / as_f64(top);
    let (done, failed) = totals(points);
    let summary = format!("{} attempts did their job, {} failed", count(done), count(failed));
    drawing(
        "throughput",
        &summary,
        &html! {
            @for mark in [0, top / 2, top] { (level(y(mark), &count(mark))) }
            (hours(points))
            @for (x, width, point) in slots(points) {
                g {
                    title {
                        (clock(point.at)) ": " (count(point.done)) " done, " (count(point.failed)) " failed"
                    }
                    // The whole column, so that it can be pointed at.
                    rect .column x=(n(x)) y=(n(TOP)) width=(n(width)) height=(n(BOTTOM - TOP)) {}
                    rect .done x=(n(x + 0.75)) y=(n(y(point.done))) width=(n(width - 1.5))
                        height=(n(BOTTOM - y(point.done))) {}
                    rect .failed x=(n(x + 0.75)) y=(n(y(point.done + point.failed)))
                        width=(n(width - 1.5))
                        height=(n(y(point.done) - y(point.done + point.failed))) {}
                }
            }
        },
    )
}

/// One line of the chart of latencies.
type Line = (&'static str, &'static str, fn(&HistoryPoint) -> Option<f64>);
const LINES: [Line; 3] = [
    ("wait", "waited, 95 %", |p| p.wait_p95_ms),
    ("p95", "ran, 95 %", |p| p.run_p95_ms),
    ("p50", "ran, half", |p| p.run_p50_ms),
];

/// How long attempts took, by slots, on a logarithmic scale: jobs of milliseconds and of minutes are
/// seen side by side.
pub(super) fn latency(history: &JobHistory) -> Markup {
    let points = &history.points;
    let all = || points.iter().flat_map(|p| LINES.map(|(.., of)| of(p))).flatten();
    let most = all().fold(10.0, f64::max).log10().ceil();
    let least =
        all().fold(most, |least, ms| least.min(ms.max(1.0).log10())).floor().min(most - 1.0);
    let least = least.max(0.0);
    let y = |ms: f64| {
        let part = (ms.max(1.0).log10() - least) / (most - least);
        BOTTOM - (BOTTOM - TOP) * part.clamp(0.0, 1.0)
    };
    let decades = std::iter::successors(Some(least), |d| Some(d + 1.0)).take_while(|d| *d <= most);
    let worst = points.iter().filter_map(|p| p.run_p95_ms).reduce(f64::max);
    let summary = worst.map_or("nothing ran".to_owned(), |ms| {
        format!("at the worst, 95 in 100 attempts ran for {} at most", duration(ms))
    });
    drawing(
        "latency",
        &summary,
        &html! {
            @for decade in decades {
                (level(y(10_f64.powf(decade)), &duration(10_f64.powf(decade))))
            }
            (hours(points))
            @for (class, _, of) in LINES {
                path class={ "line " (class) } d=(path(points, of, y)) {}
            }
            @for (x, width, point) in slots(points) {
                g {
                    title { (clock(point.at)) ": " (told(point)) }
                    rect .column x=(n(x)) y=(n(TOP)) width=(n(width)) height=(n(BOTTOM - TOP)) {}
                    @for (class, _, of) in LINES {
                        @if let Some(ms) = of(point) {
                            circle class={ "dot " (class) } cx=(n(x + width / 2.0)) cy=(n(y(ms))) r="2" {}
                        }
                    }
                }
            }
        },
    )
}

/// What the colours of both charts mean.
pub(super) fn legend(latency: bool) -> Markup {
    let of_bars = [("done", "done"), ("failed", "failed")];
    let of_lines = LINES.map(|(class, name, _)| (class, name));
    let entries: &[(&str, &str)] = if latency { &of_lines } else { &of_bars };
    html! {
        ul .legend {
            @for (class, name) in entries { li { span class={ "key " (class) } {} (name) } }
        }
    }
}

/// The figures behind both charts.
pub(super) fn table(history: &JobHistory) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "From (UTC)" }
                th .number scope="col" { "Done" }
                th .number scope="col" { "Failed" }
                @for (_, name, _) in LINES { th .number scope="col" { (name) } }
            } }
            tbody {
                @for point in history.points.iter().rev().filter(|p| p.done + p.failed > 0) {
                    tr {
                        td { (clock(point.at)) }
                        td .number { (count(point.done)) }
                        td .number { (count(point.failed)) }
                        @for (.., of) in LINES {
                            td .number { (of(point).map_or("–".to_owned(), duration)) }
                        }
                    }
                }
            }
        }
    }
}

fn drawing(class: &str, summary: &str, content: &Markup) -> Markup {
    html! {
        svg class={ "chart " (class) } viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
            aria-label=(summary) { (content) }
    }
}

/// A horizontal line with what it stands for.
fn level(y: f64, label: &str) -> Markup {
    html! {
        line .level x1=(n(LEFT)) x2=(n(RIGHT)) y1=(n(y)) y2=(n(y)) {}
        text .label x=(n(LEFT - 6.0)) y=(n(y + 4.0)) text-anchor="end" { (label) }
    }
}

/// The time of day below the slots, six times or so.
fn hours(points: &[HistoryPoint]) -> Markup {
    let every = (points.len() / 6).max(1);
    html! {
        @for (number, (x, _, point)) in slots(points).enumerate() {
            @if number % every == 0 {
                text .label x=(n(x)) y=(n(BOTTOM + 17.0)) text-anchor="start" { (clock(point.at)) }
            }
        }
    }
}

/// Where each slot stands: its left edge and its width.
fn slots(points: &[HistoryPoint]) -> impl Iterator<Item = (f64, f64, &HistoryPoint)> {
    let width = (RIGHT - LEFT) / as_f64(points.len().max(1) as u64);
    let edge = std::iter::successors(Some(LEFT), move |x| Some(x + width));
    edge.zip(points).map(move |(x, point)| (x, width, point))
}

/// A line through the slots that have a figure, broken where one has none.
fn path(
    points: &[HistoryPoint],
    of: fn(&HistoryPoint) -> Option<f64>,
    y: impl Fn(f64) -> f64,
) -> String {
    let mut path = String::new();
    let mut pen = 'M';
    for (x, width, point) in slots(points) {
        let Some(ms) = of(point) else {
            pen = 'M';
            continue;
        };
        // Writing to a String cannot fail.
        let _ = write!(path, "{pen}{:.1} {:.1}", x + width / 2.0, y(ms));
        pen = 'L';
    }
    path
}

fn told(point: &HistoryPoint) -> String {
    let figures: Vec<_> = LINES
        .iter()
        .filter_map(|(_, name, of)| Some(format!("{name} {}", duration(of(point)?))))
        .collect();
    if figures.is_empty() { "nothing ended".to_owned() } else { figures.join(", ") }
}

fn totals(points: &[HistoryPoint]) -> (u64, u64) {
    points.iter().fold((0, 0), |(done, failed), p| (done + p.done, failed + p.failed))
}

/// The next round number whose half is a whole one: 2, 4, 6, 8, 10, 20, 30 …
fn ceiling(n: u64) -> u64 {
    let mut decade = 1_u64;
    loop {
        for step in [2, 3, 4, 5, 6, 8, 10] {
            let top = decade.saturating_mul(step);
            if (top >= n && top.is_multiple_of(2)) || top == u64::MAX {
                return top;
            }
        }
        decade = decade.saturating_mul(10);
    }
}

fn clock(at: DateTime<Utc>) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// A place in the drawing.
fn n(place: f64) -> String {
    format!("{place:.1}")
}

#[expect(clippy::cast_precision_loss, reason = "counts of jobs are far below 2^52")]
const fn as_f64(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use atc_app::HistoryWindow;

    fn history(figures: &[(u64, u64, Option<f64>)]) -> JobHistory {
        let begin = DateTime::from_timestamp(0, 0).unwrap();
        let points = figures.iter().zip(0..).map(|((done, failed, ms), minute)| HistoryPoint {
            at: begin + chrono::TimeDelta::minutes(minute),
            done: *done,
            failed: *failed,
            run_p50_ms: *ms,
            run_p95_ms: *ms,
            wait_p95_ms: *ms,
        });
        JobHistory { window: HistoryWindow::Hour, points: points.collect() }
    }

    #[test]
    fn axes_end_at_round_numbers() {
        let tops = [0, 2, 3, 5, 11, 21, 41, 101, 999].map(ceiling);
        assert_eq!(tops, [2, 2, 4, 6, 20, 30, 50, 200, 1_000]);
        assert_eq!(ceiling(u64::MAX), u64::MAX);
    }

    #[test]
    fn bars_stand_on_each_other_and_reach_their_count() {
        let svg = throughput(&history(&[(1, 1, None)])).into_string();
        assert!(
            svg.contains(r#"class="done" x="48.8" y="93.0" width="662.5" height="83.0""#),
            "{svg}"
        );
        assert!(svg.contains(r#"class="failed" x="48.8" y="10.0" width="662.5" height="83.0""#));
    }

    #[test]
    fn a_line_is_broken_where_nothing_ended() {
        let history =
            history(&[(1, 0, Some(10.0)), (1, 0, Some(100.0)), (0, 0, None), (1, 0, Some(10.0))]);
        let path = path(&history.points, |p| p.run_p50_ms, |ms| ms);
        assert_eq!(path, "M131.0 10.0L297.0 100.0M629.0 10.0");
    }

    #[test]
    fn charts_without_figures_are_drawn_as_well() {
        for svg in [throughput(&history(&[])), latency(&history(&[(0, 0, None)]))] {
            let svg = svg.into_string();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
