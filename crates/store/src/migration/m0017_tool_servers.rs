//! Servers of others whose tools agents may use, what they say of them, and what was allowed.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(servers()).await?;
        manager.create_table(tools()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("tool_server_tools").to_owned()).await?;
        manager.drop_table(Table::drop().table("tool_servers").to_owned()).await
    }
}

fn servers() -> TableCreateStatement {
    Table::create()
        .table("tool_servers")
        .col(schema::uuid("id").primary_key())
        .col(schema::text("name").unique_key())
        .col(schema::text("url"))
        // Sealed; null where there is nothing to be shown.
        .col(schema::binary_null("secrets"))
        .col(schema::boolean("has_token"))
        .col(schema::text("header_names"))
        .col(schema::boolean("enabled"))
        .col(schema::integer("connect_timeout_ms"))
        .col(schema::integer("call_timeout_ms"))
        .col(schema::timestamp_with_time_zone_null("checked_at"))
        .col(schema::text_null("last_error"))
        .col(schema::text_null("note"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone("updated_at"))
        .col(schema::big_integer("version"))
        .to_owned()
}

fn tools() -> TableCreateStatement {
    Table::create()
        .table("tool_server_tools")
        .col(schema::uuid("server_id"))
        .col(schema::text("name"))
        // JSON; null where the server no longer knows the tool.
        .col(schema::text_null("found"))
        // JSON: what the server said when it was allowed.
        .col(schema::text_null("allowed"))
        .col(schema::text_null("approval"))
        .primary_key(Index::create().col("server_id").col("name"))
        .foreign_key(
            ForeignKey::create()
                .name("tool_server_tools_server_id_fkey")
                .from("tool_server_tools", "server_id")
                .to("tool_servers", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
