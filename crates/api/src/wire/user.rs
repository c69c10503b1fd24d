//! People.

use atc_core::user::{User, UserSummary};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Role;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11",
    "email": "agent@example.com",
    "full_name": "Example Agent",
    "role": "agent",
    "is_active": true,
    "created_at": "2026-01-31T12:00:00Z"
}))]
pub(crate) struct UserBody {
    /// Its identity.
    id: Uuid,
    /// The address, compared without case.
    email: String,
    /// The person's name.
    full_name: String,
    /// What the person may do.
    role: Role,
    /// Whether the person has access.
    is_active: bool,
    /// When the account was made.
    created_at: DateTime<Utc>,
}

impl From<&User> for UserBody {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.as_str().to_owned(),
            full_name: user.full_name.as_str().to_owned(),
            role: user.role.into(),
            is_active: user.is_active,
            created_at: user.created_at,
        }
    }
}

/// A person, in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11",
    "email": "agent@example.com",
    "full_name": "Example Agent"
}))]
pub(crate) struct PersonBody {
    /// Identity of the account.
    id: Uuid,
    /// The address.
    email: String,
    /// The name.
    full_name: String,
}

impl From<UserSummary> for PersonBody {
    fn from(person: UserSummary) -> Self {
        Self { id: person.id.0, email: person.email, full_name: person.full_name }
    }
}
