//! What the program remembers for itself: answers to repeated requests, trained models, settings.

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
                    .table("idempotency_keys")
                    // The nil UUID stands for callers without an account.
                    .col(schema::uuid("caller_id"))
                    .col(schema::text("key"))
                    .col(schema::binary_len("fingerprint", 32))
                    .col(schema::small_integer("status"))
                    .col(schema::text("headers"))
                    // Sealed: an answer may hold a secret that is shown once.
                    .col(schema::blob("body"))
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .primary_key(Index::create().col("caller_id").col("key"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("triage_models")
                    .col(schema::uuid("id").primary_key())
                    .col(schema::big_integer("labels"))
                    // The labels it has seen; see `LabelFingerprint`.
                    .col(schema::big_integer("label_count"))
                    .col(schema::timestamp_with_time_zone_null("labelled_at"))
                    .col(schema::text("report"))
                    .col(schema::blob("model"))
                    .col(schema::timestamp_with_time_zone("trained_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("settings")
                    .col(schema::text("name").primary_key())
                    .col(schema::text("value"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
                 CREATE INDEX triage_models_trained ON triage_models (trained_at);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["settings", "triage_models", "idempotency_keys"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
