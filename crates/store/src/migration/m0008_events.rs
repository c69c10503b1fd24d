//! The event log, and the tickets with which browsers open WebSockets.

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
                    .table("events")
                    .col(schema::big_pk_auto("sequence"))
                    // Of the transaction; see `dialect::event_mark`.
                    .col(schema::big_integer("mark"))
                    .col(schema::text("kind"))
                    // What it is about, and of a ticket the comment.
                    .col(schema::uuid("subject_id"))
                    .col(schema::uuid_null("comment_id"))
                    // Who may hear of it.
                    .col(schema::boolean("staff"))
                    .col(schema::uuid_null("person_id"))
                    .col(schema::uuid_null("other_id"))
                    .col(schema::timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ws_tickets")
                    // Of the secret, which is nowhere kept.
                    .col(ColumnDef::new("secret_hash").binary_len(32).not_null().primary_key())
                    .col(schema::uuid("user_id"))
                    // The credential for which it was given: one of both.
                    .col(schema::uuid_null("session_id"))
                    .col(schema::uuid_null("token_id"))
                    .col(schema::timestamp_with_time_zone("expires_at"))
                    // When that credential ends by itself.
                    .col(schema::timestamp_with_time_zone_null("credential_expires_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX events_position ON events (mark, sequence);
                 CREATE INDEX events_person ON events (person_id, mark, sequence)
                     WHERE person_id IS NOT NULL;
                 CREATE INDEX events_other ON events (other_id, mark, sequence)
                     WHERE other_id IS NOT NULL;
                 CREATE INDEX events_at ON events (at);
                 CREATE INDEX ws_tickets_expires ON ws_tickets (expires_at);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["ws_tickets", "events"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
