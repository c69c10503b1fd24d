//! Articles of the knowledge base, and what search needs.

use sea_orm::DbBackend;
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
                    .table("articles")
                    .col(schema::big_pk_auto("number"))
                    .col(schema::uuid("id").unique_key())
                    .col(schema::text("title"))
                    .col(schema::text("body"))
                    .col(schema::text("tags"))
                    .col(schema::boolean("published"))
                    .col(schema::uuid_null("author_id"))
                    .col(schema::text_null("external_id").unique_key())
                    .col(schema::timestamp_with_time_zone("created_at"))
                    .col(schema::timestamp_with_time_zone("updated_at"))
                    .col(schema::big_integer("version"))
                    .col(schema::big_integer("text_version"))
                    .col(schema::big_integer("indexed_version"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("articles_author_id_fkey")
                            .from("articles", "author_id")
                            .to("users", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("article_passages")
                    .col(schema::big_integer("article_number"))
                    // 0 is the title with the beginning; the others follow the text.
                    .col(schema::integer("ordinal"))
                    .col(schema::text("text"))
                    // Absent where there is no embedding model.
                    .col(schema::blob_null("vector"))
                    // Which write this was; see `dialect::change_mark`.
                    .col(schema::big_integer("changed_in"))
                    .primary_key(Index::create().col("article_number").col("ordinal"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("article_passages_article_number_fkey")
                            .from("article_passages", "article_number")
                            .to("articles", "number")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("article_terms")
                    .col(schema::big_integer("article_number").primary_key())
                    // The different terms of title and body, by their hashes.
                    .col(schema::blob("terms"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("article_terms_article_number_fkey")
                            .from("article_terms", "article_number")
                            .to("articles", "number")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        let db = manager.get_connection();
        db.execute_unprepared(
            "CREATE INDEX articles_created ON articles (created_at, number);
             CREATE INDEX articles_unindexed ON articles (number)
                 WHERE indexed_version <> text_version;
             CREATE INDEX article_passages_changed
                 ON article_passages (changed_in, article_number, ordinal);",
        )
        .await?;
        db.execute_unprepared(match manager.get_database_backend() {
            DbBackend::Postgres => {
                "CREATE TABLE article_search (
                    article_number bigint PRIMARY KEY REFERENCES articles (number)
                        ON DELETE CASCADE,
                    document tsvector NOT NULL
                 );
                 CREATE INDEX article_search_document ON article_search USING gin (document);"
            }
            _ => {
                "CREATE VIRTUAL TABLE article_search USING fts5 (
                    title, body,
                    content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0'
                 );"
            }
        })
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["article_search", "article_terms", "article_passages", "articles"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
