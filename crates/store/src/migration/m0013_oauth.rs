//! Other programs that act for people: who they are, what was let them, and the codes they get it with.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(clients()).await?;
        manager.create_table(grants()).await?;
        manager.create_table(codes()).await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX oauth_grants_user ON oauth_grants (user_id, created_at, id);
                 CREATE INDEX oauth_grants_client ON oauth_grants (client_id);
                 CREATE INDEX oauth_grants_expiry ON oauth_grants (expires_at);
                 CREATE INDEX oauth_codes_user ON oauth_codes (user_id);
                 CREATE INDEX oauth_codes_expiry ON oauth_codes (expires_at);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["oauth_codes", "oauth_grants", "oauth_clients"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn clients() -> TableCreateStatement {
    Table::create()
        .table("oauth_clients")
        .col(schema::text("id").primary_key())
        .col(schema::text("name"))
        // One a line.
        .col(schema::text("redirect_uris"))
        // Of one whose identity is the address of a document.
        .col(schema::timestamp_with_time_zone_null("fresh_until"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone_null("last_used_at"))
        .to_owned()
}

fn grants() -> TableCreateStatement {
    Table::create()
        .table("oauth_grants")
        .col(schema::uuid("id").primary_key())
        .col(schema::uuid("user_id"))
        .col(schema::text("client_id"))
        // What the person saw when they agreed.
        .col(schema::text("client_name"))
        .col(schema::text("client_place"))
        .col(schema::text("resource"))
        .col(schema::text("scopes"))
        // Mixed into its refresh tokens, of which only the newest generation serves.
        .col(schema::binary_len("nonce", 16))
        .col(schema::big_integer("generation"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone("renewed_at"))
        .col(schema::timestamp_with_time_zone("expires_at"))
        .col(schema::timestamp_with_time_zone_null("revoked_at"))
        .foreign_key(&mut owner("oauth_grants"))
        .foreign_key(
            ForeignKey::create()
                .name("oauth_grants_client_id_fkey")
                .from("oauth_grants", "client_id")
                .to("oauth_clients", "id"),
        )
        .to_owned()
}

fn codes() -> TableCreateStatement {
    Table::create()
        .table("oauth_codes")
        // Of the code, which is nowhere kept.
        .col(ColumnDef::new("secret_hash").binary_len(32).not_null().primary_key())
        .col(schema::uuid("user_id"))
        .col(schema::text("client_id"))
        .col(schema::text("client_name"))
        .col(schema::text("client_place"))
        .col(schema::text("redirect_uri"))
        .col(schema::binary_len("challenge", 32))
        .col(schema::text("resource"))
        .col(schema::text("scopes"))
        .col(schema::timestamp_with_time_zone("expires_at"))
        // What it was used for; such a code is kept for a while, to notice its second use.
        .col(schema::uuid_null("grant_id"))
        .foreign_key(&mut owner("oauth_codes"))
        .to_owned()
}

fn owner(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_user_id_fkey"))
        .from(table, "user_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
