//! Uploads that were announced and are not complete, and indexes for large installations.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(uploads()).await?;
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(NO_INDEXES).await?;
        manager.drop_table(Table::drop().table("uploads").to_owned()).await
    }
}

fn uploads() -> TableCreateStatement {
    Table::create()
        .table("uploads")
        // That of the file which it becomes.
        .col(schema::uuid("id").primary_key())
        .col(schema::text("filename"))
        // What was announced; the bytes must hold to it.
        .col(schema::big_integer("size"))
        .col(schema::text("sha256"))
        .col(schema::text("blob").unique_key())
        .col(schema::big_integer("part_size"))
        // What the bucket calls it, where clients send the parts there.
        .col(schema::text_null("store_upload"))
        // Looked up again when it is complete; the ticket may be gone by then.
        .col(schema::big_integer_null("ticket_number"))
        .col(schema::uuid("uploaded_by"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone("expires_at"))
        // While somebody completes it.
        .col(schema::timestamp_with_time_zone_null("claimed_at"))
        .foreign_key(
            ForeignKey::create()
                .name("uploads_uploaded_by_fkey")
                .from("uploads", "uploaded_by")
                .to("users", "id")
                .on_delete(ForeignKeyAction::Restrict),
        )
        .to_owned()
}

const INDEXES: &str = "
    CREATE INDEX uploads_expires ON uploads (expires_at);
    CREATE INDEX uploads_uploader ON uploads (uploaded_by);
    -- A source may be that of few tickets, or of nearly all.
    CREATE INDEX tickets_source ON tickets (source, created_at, number);
    -- What is open, most urgent first: the list that staff work by.
    CREATE INDEX tickets_urgent ON tickets (status, priority, number);
    -- What statistics over everything read, in order and without the tickets themselves.
    CREATE INDEX tickets_resolved ON tickets (resolved_at) WHERE resolved_at IS NOT NULL;
    CREATE INDEX tickets_first_response ON tickets (first_response_s)
        WHERE first_response_s IS NOT NULL;
    CREATE INDEX tickets_resolution ON tickets (resolution_s) WHERE resolution_s IS NOT NULL;
";

const NO_INDEXES: &str = "
    DROP INDEX tickets_source;
    DROP INDEX tickets_urgent;
    DROP INDEX tickets_resolved;
    DROP INDEX tickets_first_response;
    DROP INDEX tickets_resolution;
";
