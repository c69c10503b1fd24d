//! Teams and categories, and the nine categories that every installation begins with.

use chrono::{DateTime, Utc};
use sea_orm_migration::{prelude::*, schema};
use serde::Deserialize;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The categories that come with the program.
const SEED: &str = include_str!("seed_categories.json");

#[derive(Deserialize)]
struct SeedCategory {
    slug: String,
    name: String,
    description: String,
    default_priority: Option<i16>,
    examples: serde_json::Value,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("teams")
                    .col(schema::uuid("id").primary_key())
                    .col(schema::text("name").unique_key())
                    .col(schema::text("strategy"))
                    // Where the turn stands: the position of the member who had the last ticket.
                    .col(schema::integer("turn"))
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .col(schema::timestamp_with_time_zone("updated_at"))
                    .col(schema::big_integer("version"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("team_members")
                    .col(schema::uuid("team_id"))
                    .col(schema::integer("position"))
                    .col(schema::uuid("user_id"))
                    .primary_key(Index::create().col("team_id").col("position"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("team_members_team_id_fkey")
                            .from("team_members", "team_id")
                            .to("teams", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .name("team_members_user_id_fkey")
                            .from("team_members", "user_id")
                            .to("users", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("categories")
                    .col(schema::text("slug").primary_key())
                    .col(schema::text("name"))
                    .col(schema::text("description"))
                    .col(schema::text("examples"))
                    .col(schema::uuid_null("team_id"))
                    .col(schema::small_integer_null("default_priority"))
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .col(schema::timestamp_with_time_zone("updated_at"))
                    .col(schema::big_integer("version"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("categories_team_id_fkey")
                            .from("categories", "team_id")
                            .to("teams", "id")
                            .on_delete(ForeignKeyAction::SetNull),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared("CREATE INDEX team_members_user ON team_members (user_id);")
            .await?;
        seed(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["categories", "team_members", "teams"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

async fn seed(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let categories: Vec<SeedCategory> =
        serde_json::from_str(SEED).map_err(|e| DbErr::Custom(e.to_string()))?;
    // The rows are as old as the program itself; a migration has no clock to ask.
    let epoch = DateTime::<Utc>::UNIX_EPOCH;
    for c in categories {
        let insert = Query::insert()
            .into_table("categories")
            .columns([
                "slug",
                "name",
                "description",
                "examples",
                "default_priority",
                "created_at",
                "updated_at",
                "version",
            ])
            .values_panic([
                c.slug.into(),
                c.name.into(),
                c.description.into(),
                c.examples.to_string().into(),
                c.default_priority.into(),
                epoch.into(),
                epoch.into(),
                1i64.into(),
            ])
            .to_owned();
        manager.execute(insert).await?;
    }
    Ok(())
}
