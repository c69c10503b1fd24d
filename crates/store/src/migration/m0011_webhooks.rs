//! Webhooks: who is told, what is on its way, and how far the event log was read for it.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(endpoints()).await?;
        manager.create_table(deliveries()).await?;
        manager.create_table(attempts()).await?;
        manager
            .create_table(
                Table::create()
                    .table("webhook_position")
                    .col(schema::integer("id").primary_key())
                    .col(schema::big_integer("mark"))
                    .col(schema::big_integer("sequence"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "INSERT INTO webhook_position (id, mark, sequence) VALUES (1, 0, 0);
                 CREATE UNIQUE INDEX webhook_deliveries_once
                     ON webhook_deliveries (endpoint_id, mark, sequence);
                 CREATE INDEX webhook_deliveries_endpoint
                     ON webhook_deliveries (endpoint_id, number);
                 CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in
            ["webhook_position", "webhook_attempts", "webhook_deliveries", "webhook_endpoints"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn endpoints() -> TableCreateStatement {
    Table::create()
        .table("webhook_endpoints")
        .col(schema::uuid("id").primary_key())
        .col(schema::text("name"))
        .col(schema::text("url"))
        .col(schema::text("kinds"))
        .col(schema::binary("secret"))
        .col(schema::binary_null("old_secret"))
        .col(schema::timestamp_with_time_zone_null("old_secret_until"))
        .col(schema::text_null("disabled"))
        .col(schema::timestamp_with_time_zone_null("failing_since"))
        .col(schema::timestamp_with_time_zone("enabled_at"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone("updated_at"))
        .col(schema::big_integer("version"))
        .to_owned()
}

fn deliveries() -> TableCreateStatement {
    Table::create()
        .table("webhook_deliveries")
        .col(schema::big_pk_auto("number"))
        .col(schema::uuid("id").unique_key())
        .col(schema::uuid("endpoint_id"))
        .col(schema::big_integer("mark"))
        .col(schema::big_integer("sequence"))
        .col(schema::text("kind"))
        .col(schema::uuid("subject_id"))
        .col(schema::uuid_null("comment_id"))
        .col(schema::timestamp_with_time_zone("event_at"))
        .col(schema::text_null("body"))
        .col(schema::text("state"))
        .col(schema::integer("attempts"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone_null("finished_at"))
        .foreign_key(
            ForeignKey::create()
                .name("webhook_deliveries_endpoint_id_fkey")
                .from("webhook_deliveries", "endpoint_id")
                .to("webhook_endpoints", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn attempts() -> TableCreateStatement {
    Table::create()
        .table("webhook_attempts")
        .col(schema::uuid("delivery_id"))
        .col(schema::integer("number"))
        .col(schema::timestamp_with_time_zone("at"))
        .col(schema::integer("duration_ms"))
        .col(schema::integer_null("status"))
        .col(schema::text_null("error"))
        .col(schema::text_null("answer"))
        .primary_key(Index::create().col("delivery_id").col("number"))
        .foreign_key(
            ForeignKey::create()
                .name("webhook_attempts_delivery_id_fkey")
                .from("webhook_attempts", "delivery_id")
                .to("webhook_deliveries", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
