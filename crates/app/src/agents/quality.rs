//! How good the agents are, by what people kept or changed.

use std::collections::BTreeMap;

use atc_core::{Result, agent::AgentName, category::Slug, decision::Outcome};
use atc_store::{ModelUsage, QualityFilter, QualityRow};
use chrono::{DateTime, Duration, Utc};

use crate::App;

/// How many decisions are counted at most; the newest count.
const MOST_ROWS: u64 = 50_000;
/// How many bins the calibration has.
const BINS: usize = 10;

/// Which decisions are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityWindow {
    /// Of this agent; `None`: all.
    pub agent: Option<AgentName>,
    /// Of this category; `None`: all.
    pub category: Option<Slug>,
    /// Written at this moment or later.
    pub after: DateTime<Utc>,
    /// Written before this moment.
    pub before: DateTime<Utc>,
}

/// How good the agents were.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// The window.
    pub after: DateTime<Utc>,
    /// Its end.
    pub before: DateTime<Utc>,
    /// Whether there were more decisions than are counted.
    pub cut: bool,
    /// All together.
    pub all: QualityGroup,
    /// By agent, provider, model and instructions.
    pub models: Vec<QualityGroup>,
    /// By category.
    pub categories: Vec<QualityGroup>,
    /// By day in UTC.
    pub days: Vec<QualityGroup>,
    /// How often decisions of a confidence were kept.
    pub calibration: Vec<Bin>,
    /// Candidates beside the live agents.
    pub shadows: Vec<QualityGroup>,
    /// What models used.
    pub usage: Vec<ModelUsage>,
}

/// Decisions that have something in common.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QualityGroup {
    /// What they have in common.
    pub name: String,
    /// How many there are.
    pub decisions: u64,
    /// Kept by people.
    pub kept: u64,
    /// Changed by people.
    pub changed: u64,
    /// The share of the settled ones that was kept; `None` where none is settled.
    pub accuracy: Option<f64>,
    /// The mean confidence of the settled ones.
    pub mean_confidence: Option<f64>,
    /// The expected calibration error of the settled ones, in ten bins (Naeini and others, 2015).
    pub calibration_error: Option<f64>,
    /// For candidates: how often they decided as the live agent.
    pub same_as_live: Option<u64>,
    /// For categories: what people made of those they changed, most often first.
    pub changed_to: Vec<(Slug, u64)>,
}

/// Decisions of about the same confidence.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bin {
    /// From this confidence on.
    pub from: f64,
    /// Up to this one.
    pub to: f64,
    /// How many of them are settled.
    pub settled: u64,
    /// How many of these were kept.
    pub kept: u64,
    /// Their mean confidence; 0 where there are none.
    pub mean_confidence: f64,
}

impl App {
    /// How good the agents were in a window.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn quality(&self, window: &QualityWindow) -> Result<Quality> {
        let filter = |shadow| QualityFilter {
            agent: window.agent,
            after: window.after,
            before: window.before,
            shadow,
            limit: MOST_ROWS,
        };
        let mut live = self.store.decisions().quality(&filter(false)).await?;
        let mut beside = self.store.decisions().quality(&filter(true)).await?;
        let cut = live.len() as u64 == MOST_ROWS || beside.len() as u64 == MOST_ROWS;
        if let Some(category) = &window.category {
            live.retain(|row| row.category == *category || row.present == *category);
            beside.retain(|row| row.category == *category || row.present == *category);
        }
        let usage = self.store.ai_usage().by_model(window.after.date_naive()).await?;
        let last = (window.before - Duration::microseconds(1)).date_naive().to_string();
        let wanted = |used: &ModelUsage| {
            used.day <= last && window.agent.is_none_or(|agent| agent.as_str() == used.agent)
        };
        Ok(Quality {
            after: window.after,
            before: window.before,
            cut,
            all: group("all".to_owned(), live.iter()),
            models: groups(&live, model_name),
            categories: groups(&live, |row| row.category.to_string()),
            days: groups(&live, |row| row.at.date_naive().to_string()),
            calibration: bins(live.iter()),
            shadows: groups(&beside, model_name),
            usage: usage.into_iter().filter(wanted).collect(),
        })
    }
}

fn model_name(row: &QualityRow) -> String {
    let version = if row.prompt_version.is_empty() { "" } else { "@" };
    format!("{}: {}/{}{version}{}", row.agent, row.provider, row.model, row.prompt_version)
}

fn groups(rows: &[QualityRow], name: impl Fn(&QualityRow) -> String) -> Vec<QualityGroup> {
    let mut named: BTreeMap<String, Vec<&QualityRow>> = BTreeMap::new();
    for row in rows {
        named.entry(name(row)).or_default().push(row);
    }
    named.into_iter().map(|(name, rows)| group(name, rows.into_iter())).collect()
}

fn group<'a>(name: String, rows: impl Iterator<Item = &'a QualityRow> + Clone) -> QualityGroup {
    let count = |wanted: Outcome| rows.clone().filter(|row| row.outcome == wanted).count() as u64;
    let (kept, changed) = (count(Outcome::Kept), count(Outcome::Changed));
    let settled = kept + changed;
    let bins = bins(rows.clone());
    let share = |part: f64| (settled > 0).then(|| rounded(part / real(settled)));
    let confidence: f64 = bins.iter().map(|bin| bin.mean_confidence * real(bin.settled)).sum();
    let error = bins
        .iter()
        .map(|bin| (bin.mean_confidence * real(bin.settled) - real(bin.kept)).abs())
        .sum();
    let compared = rows.clone().filter(|row| row.live.is_some()).count();
    let same = rows.clone().filter(|row| row.live.as_ref() == Some(&row.category)).count();
    let mut changed_to: BTreeMap<Slug, u64> = BTreeMap::new();
    for row in rows.clone().filter(|row| row.outcome == Outcome::Changed) {
        *changed_to.entry(row.present.clone()).or_default() += 1;
    }
    let mut changed_to: Vec<_> = changed_to.into_iter().collect();
    changed_to.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    QualityGroup {
        name,
        decisions: rows.count() as u64,
        kept,
        changed,
        accuracy: share(real(kept)),
        mean_confidence: share(confidence),
        calibration_error: share(error),
        same_as_live: (compared > 0).then_some(same as u64),
        changed_to,
    }
}

fn bins<'a>(rows: impl Iterator<Item = &'a QualityRow>) -> Vec<Bin> {
    #[expect(clippy::cast_precision_loss, reason = "ten of them")]
    let edge = |i: usize| i as f64 / BINS as f64;
    let mut bins: Vec<Bin> =
        (0..BINS).map(|i| Bin { from: edge(i), to: edge(i + 1), ..Bin::default() }).collect();
    for row in rows.filter(|row| row.outcome != Outcome::Open) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a probability is no more than ten tenths"
        )]
        let at = (row.confidence.clamp(0.0, 1.0) * 10.0) as usize;
        if let Some(bin) = bins.get_mut(at.min(BINS - 1)) {
            bin.settled += 1;
            bin.kept += u64::from(row.outcome == Outcome::Kept);
            // The sum, until all are in.
            bin.mean_confidence += row.confidence;
        }
    }
    for bin in &mut bins {
        if bin.settled > 0 {
            bin.mean_confidence /= real(bin.settled);
        }
    }
    bins
}

#[expect(clippy::cast_precision_loss, reason = "counts of at most a few ten thousand")]
fn real(n: u64) -> f64 {
    n as f64
}

fn rounded(x: f64) -> f64 {
    (x * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(category: &str, present: &str, confidence: f64, outcome: Outcome) -> QualityRow {
        QualityRow {
            agent: "categorization".to_owned(),
            provider: "local".to_owned(),
            model: "m".to_owned(),
            prompt_version: String::new(),
            category: Slug::parse(category).unwrap(),
            present: Slug::parse(present).unwrap(),
            confidence,
            at: "2026-01-31T12:00:00Z".parse().unwrap(),
            outcome,
            live: None,
        }
    }

    #[test]
    fn only_what_people_settled_counts() {
        let rows = [
            row("bug", "bug", 0.9, Outcome::Kept),
            row("bug", "billing", 0.9, Outcome::Changed),
            row("bug", "bug", 0.2, Outcome::Open),
            row("billing", "billing", 1.0, Outcome::Kept),
        ];
        let all = group("all".to_owned(), rows.iter());
        assert_eq!((all.decisions, all.kept, all.changed), (4, 2, 1));
        assert_eq!(all.accuracy, Some(0.6667));
        assert_eq!(all.mean_confidence, Some(0.9333));
        // 0.9 and 1.0 share the last bin: |2.8 - 2| / 3.
        assert_eq!(all.calibration_error, Some(0.2667));
        assert_eq!(all.changed_to, [(Slug::parse("billing").unwrap(), 1)]);
        let none = group("none".to_owned(), rows[2..3].iter());
        assert_eq!((none.accuracy, none.calibration_error), (None, None));
    }
}
