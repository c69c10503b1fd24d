//! People, their sessions and their API tokens.

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
                    .table("users")
                    .col(schema::uuid("id").primary_key())
                    .col(schema::text("email"))
                    // The address without case: what must be unique.
                    .col(schema::text("email_key").unique_key())
                    .col(schema::text("full_name"))
                    // Absent for contacts, who cannot log in.
                    .col(schema::text_null("password_hash"))
                    .col(schema::text("role"))
                    .col(schema::boolean("is_active"))
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .col(schema::big_integer("version"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    .col(schema::uuid("id").primary_key())
                    .col(schema::uuid("user_id"))
                    // Mixed into the refresh tokens of this session.
                    .col(schema::binary_len("nonce", 16))
                    // How often the refresh token was rotated; only the newest generation serves.
                    .col(schema::big_integer("generation"))
                    .col(schema::timestamp_with_time_zone("rotated_at"))
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .col(schema::timestamp_with_time_zone("expires_at"))
                    .col(schema::timestamp_with_time_zone_null("revoked_at"))
                    .foreign_key(&mut owner("sessions"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("api_tokens")
                    .col(schema::uuid("id").primary_key())
                    .col(schema::uuid("user_id"))
                    .col(schema::text("name"))
                    .col(schema::text("prefix"))
                    .col(schema::binary_len("secret_hash", 32).unique_key())
                    .col(schema::text("scopes"))
                    .col(schema::timestamp_with_time_zone_null("expires_at"))
                    .col(schema::timestamp_with_time_zone_null("last_used_at"))
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut owner("api_tokens"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX users_created ON users (created_at, id);
                 CREATE INDEX sessions_user ON sessions (user_id);
                 CREATE INDEX sessions_expiry ON sessions (expires_at);
                 CREATE INDEX api_tokens_user ON api_tokens (user_id, created_at, id);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["api_tokens", "sessions", "users"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn owner(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_user_id_fkey"))
        .from(table, "user_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
