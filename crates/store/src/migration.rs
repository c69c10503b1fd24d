//! The schema and its history: one file a step, each with its way back.

use sea_orm::{DatabaseConnection, DatabaseExecutor};
use sea_orm_migration::{MigrationStatus, MigrationTrait, MigratorTrait};

use crate::Result;

mod m0001_accounts;
mod m0002_organisation;
mod m0003_tickets;
mod m0004_knowledge;
mod m0005_system;
mod m0006_jobs;
mod m0007_files;
mod m0008_events;
mod m0009_notifications;
mod m0010_workers;
mod m0011_webhooks;
mod m0012_audit_seals;
mod m0013_oauth;
mod m0014_scale;
mod m0015_decisions;
mod m0016_conversations;
mod m0017_tool_servers;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_organisation::Migration),
            Box::new(m0003_tickets::Migration),
            Box::new(m0004_knowledge::Migration),
            Box::new(m0005_system::Migration),
            Box::new(m0006_jobs::Migration),
            Box::new(m0007_files::Migration),
            Box::new(m0008_events::Migration),
            Box::new(m0009_notifications::Migration),
            Box::new(m0010_workers::Migration),
            Box::new(m0011_webhooks::Migration),
            Box::new(m0012_audit_seals::Migration),
            Box::new(m0013_oauth::Migration),
            Box::new(m0014_scale::Migration),
            Box::new(m0015_decisions::Migration),
            Box::new(m0016_conversations::Migration),
            Box::new(m0017_tool_servers::Migration),
        ]
    }
}

/// A step of the schema's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name.
    pub name: String,
    /// Whether this database has taken it.
    pub applied: bool,
}

pub(crate) async fn up(db: DatabaseExecutor<'_>, steps: Option<u32>) -> Result<()> {
    Ok(Migrator::up(db, steps).await?)
}

pub(crate) async fn down(db: DatabaseExecutor<'_>, steps: u32) -> Result<()> {
    Ok(Migrator::down(db, Some(steps)).await?)
}

pub(crate) async fn states(db: &DatabaseConnection) -> Result<Vec<MigrationState>> {
    let files = Migrator::get_migration_with_status_read_only(db).await?;
    Ok(files
        .iter()
        .map(|m| MigrationState {
            name: m.name().to_owned(),
            applied: m.status() == MigrationStatus::Applied,
        })
        .collect())
}
