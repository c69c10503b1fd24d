//! Files and what was read in them. Their bytes are not here.

use sea_orm_migration::{prelude::*, schema};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(files()).await?;
        manager
            .create_table(
                Table::create()
                    .table("file_contents")
                    .col(schema::big_integer("file_number").primary_key())
                    // `atc_core::file::Extracted`, as JSON.
                    .col(schema::text("extracted"))
                    // Its text stands apart: search needs that alone.
                    .col(schema::text("text"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("file_contents_file_number_fkey")
                            .from("file_contents", "file_number")
                            .to("files", "number")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("tickets")
                    // So that a ticket without files, which most are, costs no second statement.
                    .add_column(schema::integer("file_count").default(0))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX files_ticket ON files (ticket_number, number)
                     WHERE ticket_number IS NOT NULL;
                 CREATE INDEX files_uploader ON files (uploaded_by, number);
                 CREATE INDEX files_unsettled ON files (number)
                     WHERE status IN ('queued', 'processing');",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("tickets").drop_column("file_count").to_owned())
            .await?;
        for table in ["file_contents", "files"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn files() -> TableCreateStatement {
    Table::create()
        .table("files")
        .col(schema::big_pk_auto("number"))
        .col(schema::uuid("id").unique_key())
        .col(schema::text("filename"))
        .col(schema::text("content_type"))
        .col(schema::big_integer("size"))
        .col(schema::text("sha256"))
        .col(schema::text("blob").unique_key())
        .col(schema::text("status"))
        .col(schema::double("progress"))
        .col(schema::text_null("error"))
        .col(schema::text_null("kind"))
        .col(schema::big_integer_null("ticket_number"))
        .col(schema::uuid("uploaded_by"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::big_integer("version"))
        .foreign_key(
            ForeignKey::create()
                .name("files_ticket_number_fkey")
                .from("files", "ticket_number")
                .to("tickets", "number")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .name("files_uploaded_by_fkey")
                .from("files", "uploaded_by")
                .to("users", "id")
                .on_delete(ForeignKeyAction::Restrict),
        )
        .to_owned()
}
