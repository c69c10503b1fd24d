//! Conversations with the customer support agent: what was said, and what was done or is proposed.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(conversations()).await?;
        manager.create_table(messages()).await?;
        manager.create_table(actions()).await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX conversations_owner ON conversations (owner_id, created_at, id);
                 CREATE INDEX conversations_used ON conversations (owner_id, updated_at);
                 CREATE INDEX conversations_updated ON conversations (updated_at);
                 CREATE INDEX conversations_ticket ON conversations (ticket_number);
                 CREATE UNIQUE INDEX conversations_turn ON conversations (owner_id, turn_key)
                     WHERE turn_key IS NOT NULL;
                 CREATE INDEX conversation_actions_turn
                     ON conversation_actions (conversation_id, turn, place);
                 CREATE INDEX conversation_actions_ticket ON conversation_actions (ticket_number);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["conversation_actions", "conversation_messages", "conversations"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn conversations() -> TableCreateStatement {
    Table::create()
        .table("conversations")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("owner_id"))
        .col(schema::text("title"))
        // What quotes a ticket goes with it.
        .col(schema::big_integer_null("ticket_number"))
        // Whether its owner was staff while it was held: then it may quote the tickets of others.
        .col(schema::boolean("as_staff"))
        .col(schema::integer("turns"))
        // The Idempotency-Key of the turn under way, hashed, and until when that turn may last.
        .col(schema::text_null("turn_key"))
        .col(schema::timestamp_with_time_zone_null("busy_until"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut cascade("conversations", "owner_id", "users", "id"))
        .foreign_key(&mut cascade("conversations", "ticket_number", "tickets", "number"))
        .to_owned()
}

fn messages() -> TableCreateStatement {
    Table::create()
        .table("conversation_messages")
        .col(schema::uuid("conversation_id"))
        .col(schema::integer("turn"))
        .col(schema::boolean("by_agent"))
        .col(schema::uuid("id").unique_key())
        .col(schema::text("body"))
        .col(schema::text("citations"))
        .col(schema::text_null("asks"))
        .col(schema::text_null("provider"))
        .col(schema::text_null("model"))
        .col(schema::boolean("degraded"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("conversation_id").col("turn").col("by_agent"))
        .foreign_key(&mut cascade(
            "conversation_messages",
            "conversation_id",
            "conversations",
            "id",
        ))
        .to_owned()
}

fn actions() -> TableCreateStatement {
    Table::create()
        .table("conversation_actions")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("conversation_id"))
        .col(schema::integer("turn"))
        .col(schema::integer("place"))
        .col(schema::text("state"))
        .col(schema::text("kind"))
        .col(schema::text("draft"))
        .col(schema::big_integer_null("ticket_number"))
        .col(schema::text_null("detail"))
        // Which model proposed it.
        .col(schema::text("provider"))
        .col(schema::text("model"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone_null("settled_at"))
        .foreign_key(&mut cascade("conversation_actions", "conversation_id", "conversations", "id"))
        .foreign_key(&mut cascade("conversation_actions", "ticket_number", "tickets", "number"))
        .to_owned()
}

fn cascade(
    from: &'static str,
    column: &'static str,
    to: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{from}_{column}_fkey"))
        .from(from, column)
        .to(to, key)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
