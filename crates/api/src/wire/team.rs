//! Teams.

use atc_core::team::Team;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Strategy;

/// A team that tickets are routed to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "First line",
    "member_ids": ["0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12"], "strategy": "round_robin",
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z", "version": 1
}))]
pub(crate) struct TeamBody {
    /// Its identity.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its members, in the order in which they take turns.
    member_ids: Vec<Uuid>,
    /// How it shares tickets.
    strategy: Strategy,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Counts every change; the entity tag.
    version: i64,
}

impl From<&Team> for TeamBody {
    fn from(t: &Team) -> Self {
        Self {
            id: t.id.0,
            name: t.name.as_str().to_owned(),
            member_ids: t.member_ids.iter().map(|id| id.0).collect(),
            strategy: t.strategy.into(),
            created_at: t.created_at,
            updated_at: t.updated_at,
            version: t.version,
        }
    }
}
