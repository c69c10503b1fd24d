//! How good the agents are.

use atc_app::{Bin, ModelUsage, Quality, QualityGroup};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::decision::money;

/// How good the agents are, by what people kept or changed.
///
/// A decision is settled when a person confirmed or changed its category or put it back, or when its ticket
/// was resolved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiQuality, example = json!({
    "after": "2026-01-01T00:00:00Z", "before": "2026-01-31T00:00:00Z", "cut": false,
    "all": {
        "name": "all", "decisions": 120, "kept": 96, "changed": 6, "accuracy": 0.9412,
        "mean_confidence": 0.93, "calibration_error": 0.02, "same_as_live": null, "changed_to": []
    },
    "models": [], "categories": [], "days": [], "calibration": [], "shadows": [], "usage": []
}))]
pub(crate) struct QualityBody {
    /// Decisions from this moment on are counted …
    after: DateTime<Utc>,
    /// … up to this one.
    before: DateTime<Utc>,
    /// Whether there were more than are counted; the newest 50,000 are.
    cut: bool,
    /// All together.
    all: GroupBody,
    /// By agent, provider, model and instructions.
    models: Vec<GroupBody>,
    /// By category.
    categories: Vec<GroupBody>,
    /// By day in UTC.
    days: Vec<GroupBody>,
    /// How often decisions of a confidence were kept.
    calibration: Vec<BinBody>,
    /// Candidates that run beside the live agents.
    shadows: Vec<GroupBody>,
    /// What models used, by day.
    usage: Vec<UsageBody>,
}

/// Decisions that have something in common.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiQualityGroup, example = json!({
    "name": "billing", "decisions": 120, "kept": 96, "changed": 6, "accuracy": 0.9412,
    "mean_confidence": 0.93, "calibration_error": 0.02, "same_as_live": null,
    "changed_to": [{"category": "general", "count": 4}]
}))]
struct GroupBody {
    /// What they have in common.
    name: String,
    /// How many there are.
    decisions: u64,
    /// How many people kept.
    kept: u64,
    /// How many people changed.
    changed: u64,
    /// The share of the settled ones that was kept.
    accuracy: Option<f64>,
    /// The mean confidence of the settled ones.
    mean_confidence: Option<f64>,
    /// The expected calibration error of the settled ones, in ten bins.
    calibration_error: Option<f64>,
    /// Of candidates: how many decided as the live agent.
    same_as_live: Option<u64>,
    /// What people made of those that they changed, most often first.
    changed_to: Vec<ChangedToBody>,
}

/// A category that people gave instead.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiQualityChange, example = json!({"category": "general", "count": 4}))]
struct ChangedToBody {
    /// The category.
    category: String,
    /// How often.
    count: u64,
}

/// Decisions of about the same confidence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiCalibrationBin, example = json!({
    "from": 0.9, "to": 1.0, "settled": 80, "kept": 77, "mean_confidence": 0.96
}))]
struct BinBody {
    /// From this confidence on.
    from: f64,
    /// Up to this one.
    to: f64,
    /// How many of them are settled.
    settled: u64,
    /// How many of these people kept.
    kept: u64,
    /// Their mean confidence; 0 without any.
    mean_confidence: f64,
}

/// What a model was used for on a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiUsage, example = json!({
    "day": "2026-01-31", "agent": "categorization", "provider": "openai", "model": "gpt-5-mini",
    "calls": 120, "errors": 1, "input_tokens": 76000, "output_tokens": 11000, "cost": 0.04
}))]
struct UsageBody {
    /// The day in UTC.
    day: String,
    /// The agent.
    agent: String,
    /// The provider.
    provider: String,
    /// The model.
    model: String,
    /// Calls.
    calls: u64,
    /// Calls without an answer.
    errors: u64,
    /// Tokens that were read.
    input_tokens: u64,
    /// Tokens that were written.
    output_tokens: u64,
    /// What they cost, in the currency of the prices that are configured.
    cost: f64,
}

impl From<Quality> for QualityBody {
    fn from(quality: Quality) -> Self {
        let groups = |groups: Vec<QualityGroup>| groups.into_iter().map(Into::into).collect();
        Self {
            after: quality.after,
            before: quality.before,
            cut: quality.cut,
            all: quality.all.into(),
            models: groups(quality.models),
            categories: groups(quality.categories),
            days: groups(quality.days),
            calibration: quality.calibration.into_iter().map(Into::into).collect(),
            shadows: groups(quality.shadows),
            usage: quality.usage.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<QualityGroup> for GroupBody {
    fn from(group: QualityGroup) -> Self {
        let changed_to = group.changed_to.into_iter();
        Self {
            name: group.name,
            decisions: group.decisions,
            kept: group.kept,
            changed: group.changed,
            accuracy: group.accuracy,
            mean_confidence: group.mean_confidence,
            calibration_error: group.calibration_error,
            same_as_live: group.same_as_live,
            changed_to: changed_to
                .map(|(category, count)| ChangedToBody { category: category.to_string(), count })
                .collect(),
        }
    }
}

impl From<Bin> for BinBody {
    fn from(bin: Bin) -> Self {
        let Bin { from, to, settled, kept, mean_confidence } = bin;
        Self { from, to, settled, kept, mean_confidence }
    }
}

impl From<ModelUsage> for UsageBody {
    fn from(usage: ModelUsage) -> Self {
        Self {
            day: usage.day,
            agent: usage.agent,
            provider: usage.provider,
            model: usage.model,
            calls: usage.calls,
            errors: usage.errors,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost: money(usage.cost_micros),
        }
    }
}
