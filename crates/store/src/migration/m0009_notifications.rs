//! Notifications, and which kinds of them a person does not want.

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
                    .table("notifications")
                    .col(schema::big_pk_auto("number"))
                    .col(schema::uuid("id").unique_key())
                    .col(schema::uuid("user_id"))
                    .col(schema::text("kind"))
                    .col(schema::uuid_null("actor_id"))
                    .col(schema::big_integer_null("ticket_number"))
                    .col(schema::uuid_null("comment_id"))
                    .col(schema::uuid_null("file_id"))
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .col(schema::timestamp_with_time_zone_null("read_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("notifications_ticket_number_fkey")
                            .from("notifications", "ticket_number")
                            .to("tickets", "number")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("notification_preferences")
                    .col(schema::uuid("user_id"))
                    .col(schema::text("kind"))
                    .col(schema::boolean("enabled"))
                    .primary_key(Index::create().col("user_id").col("kind"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX notifications_user ON notifications (user_id, number);
                 CREATE INDEX notifications_unread ON notifications (user_id, number)
                     WHERE read_at IS NULL;
                 CREATE INDEX notifications_ticket ON notifications (ticket_number);
                 CREATE INDEX notifications_created ON notifications (created_at);",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["notification_preferences", "notifications"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
