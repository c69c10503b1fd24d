//! Agents: what they decided, what they used, the keys of their providers, and reports.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [decisions(), usage(), provider_keys(), replays()] {
            manager.create_table(table).await?;
        }
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX ai_decisions_of_ticket ON ai_decisions (ticket_number, number);
                 CREATE INDEX ai_decisions_of_agent ON ai_decisions (agent, shadow, number);
                 CREATE INDEX ai_decisions_at ON ai_decisions (at);
                 CREATE INDEX ai_decisions_of_model
                     ON ai_decisions (provider, model, prompt_version, number)
                     WHERE said IS NOT NULL;",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["ai_replays", "ai_provider_keys", "ai_usage", "ai_decisions"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn decisions() -> TableCreateStatement {
    Table::create()
        .table("ai_decisions")
        .col(schema::big_pk_auto("number"))
        .col(schema::uuid("id").unique_key())
        .col(schema::timestamp_with_time_zone("at"))
        .col(schema::text("agent"))
        .col(schema::text("action"))
        .col(schema::big_integer_null("ticket_number"))
        .col(schema::uuid_null("conversation_id"))
        .col(schema::uuid_null("person_id"))
        .col(schema::text("provider"))
        .col(schema::text("model"))
        .col(schema::text("prompt_version"))
        .col(schema::binary("input_digest"))
        .col(schema::text("output"))
        .col(schema::text_null("category"))
        // What the language model said by itself.
        .col(schema::text_null("said"))
        .col(schema::double_null("confidence"))
        .col(schema::big_integer("took_ms"))
        .col(schema::big_integer("input_tokens"))
        .col(schema::big_integer("output_tokens"))
        .col(schema::big_integer("cost_micros"))
        .col(schema::boolean("degraded"))
        .col(schema::boolean("shadow"))
        .col(schema::text("evidence"))
        .col(schema::text_null("undo"))
        .col(schema::timestamp_with_time_zone_null("reverted_at"))
        .col(schema::uuid_null("reverted_by"))
        .foreign_key(
            // A ticket that is deleted leaves nothing of itself.
            ForeignKey::create()
                .name("ai_decisions_ticket_number_fkey")
                .from("ai_decisions", "ticket_number")
                .to("tickets", "number")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(&mut of_category("category"))
        .foreign_key(&mut of_category("said"))
        .to_owned()
}

/// A category that is renamed takes its decisions along.
fn of_category(column: &str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("ai_decisions_{column}_fkey"))
        .from("ai_decisions", column.to_owned())
        .to("categories", "slug")
        .on_update(ForeignKeyAction::Cascade)
        .on_delete(ForeignKeyAction::SetNull)
        .to_owned()
}

fn usage() -> TableCreateStatement {
    Table::create()
        .table("ai_usage")
        // As `2026-01-31`, in UTC.
        .col(schema::text("day"))
        .col(schema::text("agent"))
        // All zeros where the program asked by itself.
        .col(schema::uuid("person_id"))
        .col(schema::text("provider"))
        .col(schema::text("model"))
        .col(schema::big_integer("calls"))
        .col(schema::big_integer("errors"))
        .col(schema::big_integer("input_tokens"))
        .col(schema::big_integer("output_tokens"))
        .col(schema::big_integer("cost_micros"))
        .primary_key(
            Index::create().col("day").col("agent").col("person_id").col("provider").col("model"),
        )
        .to_owned()
}

fn provider_keys() -> TableCreateStatement {
    Table::create()
        .table("ai_provider_keys")
        .col(schema::text("provider").primary_key())
        .col(schema::binary("key"))
        .col(schema::uuid("set_by"))
        .col(schema::timestamp_with_time_zone("set_at"))
        .to_owned()
}

fn replays() -> TableCreateStatement {
    Table::create()
        .table("ai_replays")
        .col(schema::big_pk_auto("number"))
        .col(schema::uuid("id").unique_key())
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::uuid("created_by"))
        // What was asked for, and what came of it: JSON.
        .col(schema::text("request"))
        .col(schema::text_null("report"))
        .col(schema::timestamp_with_time_zone_null("finished_at"))
        .to_owned()
}
