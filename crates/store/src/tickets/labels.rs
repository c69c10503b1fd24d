//! What people said of tickets: the labels that triage learns from.

use atc_core::{
    category::Slug,
    id::TicketNumber,
    ports::{LabelledText, Meaning, TriageInput},
    ticket::Priority,
    vector::Vector,
};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::Tickets;
use crate::{Result, StoreError};

/// Tells two states of the labels apart: their number, and when the latest was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LabelFingerprint {
    /// How many tickets carry a label.
    pub count: u64,
    /// When the latest label was given or its text changed.
    pub latest: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct LabelRow {
    number: i64,
    title: String,
    description: String,
    category: String,
    priority: i16,
    category_by_person: bool,
    priority_by_person: bool,
    title_vector: Option<Vec<u8>>,
    whole_vector: Option<Vec<u8>>,
}

/// What of a ticket a person has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct LabelsByPerson {
    /// The category.
    #[sea_orm(from_alias = "category_by_person")]
    pub category: bool,
    /// The priority.
    #[sea_orm(from_alias = "priority_by_person")]
    pub priority: bool,
}

impl<C: ConnectionTrait> Tickets<'_, C> {
    /// What of this ticket a person has said.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there.
    pub async fn labels_by_person(&self, number: TicketNumber) -> Result<LabelsByPerson> {
        let statement = Statement::from_sql_and_values(
            self.db.get_database_backend(),
            "SELECT category_by_person, priority_by_person FROM tickets WHERE number = $1",
            [number.0.into()],
        );
        let row = LabelsByPerson::find_by_statement(statement).one(self.db).await?;
        row.ok_or(StoreError::NotFound("ticket"))
    }

    /// Tickets that were made without triage although a person left something open, lowest numbers
    /// first, at most `limit`.
    pub async fn untriaged(&self, limit: u64) -> Result<Vec<TicketNumber>> {
        let rows = self
            .db
            .query_all_raw(Statement::from_sql_and_values(
                self.db.get_database_backend(),
                "SELECT number FROM tickets WHERE triage IS NULL \
                 AND NOT (category_by_person AND priority_by_person) ORDER BY number LIMIT $1",
                [limit.into()],
            ))
            .await?;
        rows.iter().map(|row| Ok(TicketNumber(row.try_get_by_index(0)?))).collect()
    }

    /// The highest numbers, highest first, at most `limit`.
    pub async fn latest_numbers(&self, limit: u64) -> Result<Vec<TicketNumber>> {
        let rows = self
            .db
            .query_all_raw(Statement::from_sql_and_values(
                self.db.get_database_backend(),
                "SELECT number FROM tickets ORDER BY number DESC LIMIT $1",
                [limit.into()],
            ))
            .await?;
        rows.iter().map(|row| Ok(TicketNumber(row.try_get_by_index(0)?))).collect()
    }

    /// The present state of the labels.
    pub async fn label_fingerprint(&self) -> Result<LabelFingerprint> {
        let row = self
            .db
            .query_one_raw(Statement::from_string(
                self.db.get_database_backend(),
                "SELECT count(*) AS n, max(labelled_at) AS latest FROM tickets \
                 WHERE labelled_at IS NOT NULL",
            ))
            .await?
            .ok_or(StoreError::NotFound("count"))?;
        let count: i64 = row.try_get("", "n")?;
        Ok(LabelFingerprint {
            count: u64::try_from(count).unwrap_or(0),
            latest: row.try_get("", "latest")?,
        })
    }

    /// The labelled tickets with the highest numbers, at most `limit`.
    pub async fn labelled(&self, limit: u64) -> Result<Vec<LabelledText>> {
        let statement = Statement::from_sql_and_values(
            self.db.get_database_backend(),
            "SELECT t.number, t.title, t.description, t.category, t.priority, \
             t.category_by_person, t.priority_by_person, \
             CASE WHEN t.indexed_version = t.text_version THEN v.title END AS title_vector, \
             CASE WHEN t.indexed_version = t.text_version THEN v.whole END AS whole_vector \
             FROM tickets t LEFT JOIN ticket_vectors v ON v.ticket_number = t.number \
             WHERE t.labelled_at IS NOT NULL ORDER BY t.number DESC LIMIT $1",
            [limit.into()],
        );
        let rows = LabelRow::find_by_statement(statement).all(self.db).await?;
        rows.into_iter().map(labelled).collect()
    }
}

fn labelled(row: LabelRow) -> Result<LabelledText> {
    let meaning = row
        .title_vector
        .as_deref()
        .and_then(Vector::from_bytes)
        .zip(row.whole_vector.as_deref().and_then(Vector::from_bytes))
        .map(|(title, whole)| Meaning { title, whole });
    let category =
        Slug::parse(row.category).map_err(|e| StoreError::unreadable("tickets.category", e))?;
    let priority = Priority::from_rank(row.priority)
        .ok_or_else(|| StoreError::unreadable("tickets.priority", row.priority))?;
    Ok(LabelledText {
        number: TicketNumber(row.number),
        input: TriageInput { title: Some(row.title), text: row.description },
        meaning,
        category: row.category_by_person.then_some(category),
        priority: row.priority_by_person.then_some(priority),
    })
}
