//! Identities that other systems gave to tickets and articles.

use atc_core::text::ExternalId;
use sea_orm::{
    QueryResult,
    sea_query::{Cond, Expr, ExprTrait},
};
use uuid::Uuid;

use crate::{Result, StoreError};

/// The identity in a row that was read with its `external_id`.
pub(crate) fn external_id(row: &QueryResult) -> Result<Option<ExternalId>> {
    let text: Option<String> = row.try_get("", "external_id")?;
    text.map(ExternalId::parse).transpose().map_err(|e| StoreError::unreadable("external_id", e))
}

/// Rows that another system knows by this identity, or whose own identity it is: an export names
/// what has no other identity by its own.
pub(crate) fn known_as(external_id: &str) -> Cond {
    let named = Expr::col("external_id").eq(external_id);
    match external_id.parse::<Uuid>() {
        Ok(own) => Cond::any().add(named).add(Expr::col("id").eq(own)),
        Err(_) => Cond::any().add(named),
    }
}
