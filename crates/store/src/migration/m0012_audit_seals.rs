//! Seals over the audit trail: each holds the entries since the one before, and that one's hash.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_seals")
                    // 1, 2, 3 and so on, without a gap.
                    .col(schema::big_integer("number").primary_key())
                    // How many entries it holds.
                    .col(schema::integer("entries"))
                    .col(schema::binary("hash"))
                    .col(schema::timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("ticket_events")
                    // Null until it is sealed.
                    .add_column(schema::big_integer_null("seal_number"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX ticket_events_unsealed ON ticket_events (sequence) \
                     WHERE seal_number IS NULL;
                 CREATE INDEX ticket_events_by_seal ON ticket_events (seal_number, sequence) \
                     WHERE seal_number IS NOT NULL;",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(
                "DROP INDEX ticket_events_by_seal; DROP INDEX ticket_events_unsealed;",
            )
            .await?;
        manager
            .alter_table(
                Table::alter().table("ticket_events").drop_column("seal_number").to_owned(),
            )
            .await?;
        manager.drop_table(Table::drop().table("audit_seals").to_owned()).await
    }
}
