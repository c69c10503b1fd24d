//! What one lets other programs do.

pub(super) mod end;
pub(super) mod list;

use atc_core::grant::Grant;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::Scope;

/// What one lets another program do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grant, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11",
    "client_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12", "client_name": "Desktop assistant",
    "client_place": "this computer (127.0.0.1)", "resource": "https://desk.example.com/mcp",
    "scopes": ["tickets:read"], "created_at": "2026-01-31T12:00:00Z",
    "renewed_at": "2026-01-31T12:15:00Z", "expires_at": "2026-02-14T12:15:00Z"
}))]
struct GrantBody {
    /// Its identity.
    id: Uuid,
    /// Which program, as it made itself known.
    client_id: String,
    /// What the program calls itself; nobody has checked that.
    client_name: String,
    /// Where the answer went when one agreed.
    client_place: String,
    /// The server that it is good for.
    resource: String,
    /// What it is good for.
    scopes: Vec<Scope>,
    /// When one agreed.
    created_at: DateTime<Utc>,
    /// When the program last renewed it.
    renewed_at: DateTime<Utc>,
    /// When it ends unless the program renews it.
    expires_at: DateTime<Utc>,
}

impl From<&Grant> for GrantBody {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id.0,
            client_id: grant.client_id.clone(),
            client_name: grant.client_name.as_str().to_owned(),
            client_place: grant.client_place.clone(),
            resource: grant.resource.clone(),
            scopes: grant.scopes.iter().map(|scope| Scope::from(*scope)).collect(),
            created_at: grant.created_at,
            renewed_at: grant.renewed_at,
            expires_at: grant.expires_at,
        }
    }
}
