//! One's own API tokens.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod list;

use atc_core::token::ApiToken;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::Scope;

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiToken, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "name": "CI", "prefix": "atc_AbCd",
    "scopes": ["tickets:write"], "expires_at": null, "last_used_at": null,
    "created_at": "2026-01-31T12:00:00Z"
}))]
struct TokenBody {
    /// Its identity.
    id: Uuid,
    /// What its owner calls it.
    name: String,
    /// How its secret begins, to recognise it by.
    prefix: String,
    /// What it is good for.
    scopes: Vec<Scope>,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
    /// When it last served, to the minute.
    last_used_at: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl From<&ApiToken> for TokenBody {
    fn from(t: &ApiToken) -> Self {
        Self {
            id: t.id.0,
            name: t.name.as_str().to_owned(),
            prefix: t.prefix.clone(),
            scopes: t.scopes.iter().map(|s| Scope::from(*s)).collect(),
            expires_at: t.expires_at,
            last_used_at: t.last_used_at,
            created_at: t.created_at,
        }
    }
}
