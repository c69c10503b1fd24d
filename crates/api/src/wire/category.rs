//! Categories.

use atc_core::category::Category;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Priority;

/// A kind of ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Category, example = json!({
    "slug": "billing", "name": "Billing and payments",
    "description": "Money: invoices, charges, refunds, payments, subscriptions.",
    "examples": ["I was charged twice for my subscription this month."],
    "team_id": null, "default_priority": null,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z", "version": 1
}))]
pub(crate) struct CategoryBody {
    /// Its short name.
    slug: String,
    /// Its name for people.
    name: String,
    /// What belongs in it; triage reads this.
    description: String,
    /// Sentences that belong in it; triage reads these.
    examples: Vec<String>,
    /// The team that its tickets are routed to.
    team_id: Option<Uuid>,
    /// What its tickets mostly are.
    #[schema(nullable)]
    default_priority: Option<Priority>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Counts every change; the entity tag.
    version: i64,
}

impl From<&Category> for CategoryBody {
    fn from(c: &Category) -> Self {
        Self {
            slug: c.slug.as_str().to_owned(),
            name: c.name.as_str().to_owned(),
            description: c.description.as_str().to_owned(),
            examples: c.examples.iter().map(|e| e.as_str().to_owned()).collect(),
            team_id: c.team_id.map(|id| id.0),
            default_priority: c.default_priority.map(Priority::from),
            created_at: c.created_at,
            updated_at: c.updated_at,
            version: c.version,
        }
    }
}
