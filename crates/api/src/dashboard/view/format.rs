//! Times, durations, counts and states, as people read them.

use atc_core::job::{AttemptEnd, JobState};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use maud::{Markup, html};

const SECOND_MS: f64 = 1_000.0;
const MINUTE_MS: f64 = 60.0 * SECOND_MS;
const HOUR_MS: f64 = 60.0 * MINUTE_MS;

/// A duration in the unit that suits it: `18 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(ms: f64) -> String {
    let ms = ms.max(0.0);
    if ms < 10.0 && ms.fract() > 0.05 {
        format!("{ms:.1} ms")
    } else if ms < SECOND_MS - 0.5 {
        format!("{ms:.0} ms")
    } else if ms < 9_950.0 {
        format!("{:.1} s", ms / SECOND_MS)
    } else if ms < MINUTE_MS - 500.0 {
        format!("{:.0} s", ms / SECOND_MS)
    } else if ms < HOUR_MS {
        two(ms / SECOND_MS, "min", "s")
    } else if ms < 48.0 * HOUR_MS {
        two(ms / MINUTE_MS, "h", "min")
    } else {
        format!("{:.0} days", ms / HOUR_MS / 24.0)
    }
}

/// A number of the smaller unit, sixty of which make the larger one.
fn two(small: f64, larger: &str, smaller: &str) -> String {
    let (whole, rest) = ((small.round() / 60.0).floor(), small.round() % 60.0);
    if rest < 1.0 {
        format!("{whole:.0} {larger}")
    } else {
        format!("{whole:.0} {larger} {rest:.0} {smaller}")
    }
}

/// How long it is between two moments.
pub fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    duration(ms(to - from))
}

#[expect(clippy::cast_precision_loss, reason = "durations of jobs are far below 2^52 ms")]
fn ms(delta: TimeDelta) -> f64 {
    delta.num_milliseconds() as f64
}

/// A moment as its distance from now, with the moment itself behind it.
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let exact = at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let distance = at - now;
    let text = if distance.abs() < TimeDelta::seconds(1) {
        "now".to_owned()
    } else if distance < TimeDelta::zero() {
        format!("{} ago", whole(-distance))
    } else {
        format!("in {}", whole(distance))
    };
    html! {
        time datetime=(at.to_rfc3339_opts(SecondsFormat::Millis, true)) title=(exact) { (text) }
    }
}

/// A distance without fractions, which would flicker.
fn whole(distance: TimeDelta) -> String {
    let seconds = distance.num_seconds();
    if seconds < 60 { format!("{seconds} s") } else { duration(ms(TimeDelta::seconds(seconds))) }
}

/// A moment as it stands in a log.
pub fn exact(at: DateTime<Utc>) -> Markup {
    html! {
        time datetime=(at.to_rfc3339_opts(SecondsFormat::Millis, true)) {
            (at.format("%Y-%m-%d %H:%M:%S%.3f"))
        }
    }
}

/// A count with thin spaces between its thousands.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// The state of a job, as people call it.
pub const fn state(state: JobState) -> &'static str {
    match state {
        JobState::Ready => "waiting",
        other => other.as_str(),
    }
}

/// A state as a coloured word.
pub fn badge(of: JobState) -> Markup {
    html! { span class={ "badge " (of.as_str()) } { (state(of)) } }
}

/// How an attempt ended, as a coloured word.
pub fn end(end: Option<AttemptEnd>) -> Markup {
    let (class, word) = match end {
        None => ("running", "running"),
        Some(AttemptEnd::Done) => ("done", "done"),
        Some(AttemptEnd::Retry) => ("failed", "failed, tried again"),
        Some(AttemptEnd::Failed) => ("dead", "failed for good"),
        Some(AttemptEnd::Lost) => ("dead", "worker lost"),
        Some(AttemptEnd::HandedBack) => ("ready", "handed back"),
        Some(AttemptEnd::Cancelled) => ("cancelled", "cancelled"),
    };
    html! { span class={ "badge " (class) } { (word) } }
}

/// The beginning of a text.
pub fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_unit_that_suits_them() {
        let told =
            [0.0, 0.4, 9.96, 18.2, 999.7, 1_240.0, 12_400.0, 59_700.0, 200_000.0, 7_500_000.0];
        let words = [
            "0 ms",
            "0.4 ms",
            "10.0 ms",
            "18 ms",
            "1.0 s",
            "1.2 s",
            "12 s",
            "1 min",
            "3 min 20 s",
            "2 h 5 min",
        ];
        assert_eq!(told.map(duration), words);
        assert_eq!(duration(3_599_900.0), "60 min");
        assert_eq!(duration(400.0 * HOUR_MS), "17 days");
    }

    #[test]
    fn counts_have_thin_spaces() {
        assert_eq!(
            [7, 1_234, 1_234_567].map(count),
            ["7", "1\u{2009}234", "1\u{2009}234\u{2009}567"]
        );
    }

    #[test]
    fn moments_are_told_from_now() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let told = |seconds| moment(now + TimeDelta::seconds(seconds), now).into_string();
        assert!(told(-5).contains(">5 s ago<") && told(90).contains(">in 1 min 30 s<"));
        assert!(told(0).contains(">now<"));
    }

    #[test]
    fn texts_are_clipped_between_characters() {
        assert_eq!(clipped("äöü", 3), "äöü");
        assert_eq!(clipped("ä öü", 2), "ä…");
    }
}
