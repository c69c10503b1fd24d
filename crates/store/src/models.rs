//! Trained triage models, so that a restart forgets nothing.

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Statement,
};
use uuid::Uuid;

use crate::{LabelFingerprint, Result, Store, StoreError, Tx};

/// How many models are kept; all but the newest serve only to go back to by hand.
const KEPT: i64 = 3;

/// Trained models, seen through a connection or a transaction.
pub struct Models<'a, C>(&'a C);

impl Store {
    /// Trained models.
    #[must_use]
    pub fn models(&self) -> Models<'_, DatabaseConnection> {
        Models(self.reader())
    }
}

impl Tx {
    /// Trained models.
    #[must_use]
    pub fn models(&self) -> Models<'_, DatabaseTransaction> {
        Models(&self.inner)
    }
}

/// A trained model as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredModel {
    /// Its identity.
    pub id: Uuid,
    /// The labels it has seen.
    pub fingerprint: LabelFingerprint,
    /// From how many labelled tickets it learnt.
    pub labels: u64,
    /// What held-out folds said of it, as JSON.
    pub report: String,
    /// The model in the engine's own form.
    pub model: Vec<u8>,
    /// When it was trained.
    pub trained_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct ModelRow {
    id: Uuid,
    labels: i64,
    label_count: i64,
    labelled_at: Option<DateTime<Utc>>,
    report: String,
    model: Vec<u8>,
    trained_at: DateTime<Utc>,
}

impl<C: ConnectionTrait> Models<'_, C> {
    /// The identity of the newest model, without the model itself.
    pub async fn latest_id(&self) -> Result<Option<Uuid>> {
        let row = self
            .0
            .query_one_raw(Statement::from_string(
                self.0.get_database_backend(),
                "SELECT id FROM triage_models ORDER BY trained_at DESC, id DESC LIMIT 1",
            ))
            .await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// The newest model.
    pub async fn latest(&self) -> Result<Option<StoredModel>> {
        let statement = Statement::from_string(
            self.0.get_database_backend(),
            "SELECT id, labels, label_count, labelled_at, report, model, trained_at \
             FROM triage_models ORDER BY trained_at DESC, id DESC LIMIT 1",
        );
        let Some(row) = ModelRow::find_by_statement(statement).one(self.0).await? else {
            return Ok(None);
        };
        let unsigned = |n: i64| {
            u64::try_from(n).map_err(|e| StoreError::unreadable("triage_models.labels", e))
        };
        Ok(Some(StoredModel {
            id: row.id,
            fingerprint: LabelFingerprint {
                count: unsigned(row.label_count)?,
                latest: row.labelled_at,
            },
            labels: unsigned(row.labels)?,
            report: row.report,
            model: row.model,
            trained_at: row.trained_at,
        }))
    }
}

impl Models<'_, DatabaseTransaction> {
    /// Keeps a model and forgets the oldest.
    pub async fn insert(&self, model: &StoredModel) -> Result<()> {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let db = self.0.get_database_backend();
        self.0
            .execute_raw(Statement::from_sql_and_values(
                db,
                "INSERT INTO triage_models \
                 (id, labels, label_count, labelled_at, report, model, trained_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                [
                    model.id.into(),
                    signed(model.labels).into(),
                    signed(model.fingerprint.count).into(),
                    model.fingerprint.latest.into(),
                    model.report.clone().into(),
                    model.model.clone().into(),
                    model.trained_at.into(),
                ],
            ))
            .await?;
        self.0
            .execute_raw(Statement::from_sql_and_values(
                db,
                "DELETE FROM triage_models WHERE id NOT IN \
                 (SELECT id FROM triage_models ORDER BY trained_at DESC, id DESC LIMIT $1)",
                [KEPT.into()],
            ))
            .await?;
        Ok(())
    }
}
