//! Tickets and what belongs to them: tags, comments, the audit trail, and what search needs.

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
        manager.create_table(tickets()).await?;
        manager
            .create_table(
                Table::create()
                    .table("ticket_tags")
                    .col(schema::text("tag"))
                    .col(schema::big_integer("ticket_number"))
                    .primary_key(Index::create().col("tag").col("ticket_number"))
                    .foreign_key(&mut of_ticket("ticket_tags"))
                    .to_owned(),
            )
            .await?;
        manager.create_table(comments()).await?;
        manager.create_table(ticket_events()).await?;
        manager
            .create_table(
                Table::create()
                    .table("ticket_vectors")
                    .col(schema::big_integer("ticket_number").primary_key())
                    // Stored forms of the embeddings of the title and of the whole text.
                    .col(schema::blob("title"))
                    .col(schema::blob("whole"))
                    // The signs of `whole`, one bit a dimension: what the index in memory holds.
                    .col(schema::binary_len("code", 48))
                    // Which write this was; see `dialect::change_mark`.
                    .col(schema::big_integer("changed_in"))
                    .foreign_key(&mut of_ticket("ticket_vectors"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ticket_terms")
                    .col(schema::big_integer("ticket_number").primary_key())
                    // The different terms of title and description, by their hashes.
                    .col(schema::blob("terms"))
                    .foreign_key(&mut of_ticket("ticket_terms"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ticket_mentions")
                    // The ticket that is named as a possible duplicate …
                    .col(schema::big_integer("mentioned_number"))
                    // … in the triage of this one, which must forget it when it is deleted.
                    .col(schema::big_integer("ticket_number"))
                    .primary_key(Index::create().col("mentioned_number").col("ticket_number"))
                    .foreign_key(&mut of_ticket("ticket_mentions"))
                    .to_owned(),
            )
            .await?;
        let db = manager.get_connection();
        db.execute_unprepared(INDEXES).await?;
        db.execute_unprepared(match manager.get_database_backend() {
            DbBackend::Postgres => SEARCH_POSTGRES,
            _ => SEARCH_SQLITE,
        })
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "ticket_search",
            "ticket_mentions",
            "ticket_terms",
            "ticket_vectors",
            "ticket_events",
            "comments",
            "ticket_tags",
            "tickets",
        ] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        let marks = Table::drop().table("change_mark").if_exists().to_owned();
        manager.drop_table(marks).await?;
        Ok(())
    }
}

fn tickets() -> TableCreateStatement {
    Table::create()
        .table("tickets")
        // AUTOINCREMENT / an identity column: a number is never given twice.
        .col(schema::big_pk_auto("number"))
        .col(schema::uuid("id").unique_key())
        .col(schema::text("title"))
        .col(schema::text("description"))
        .col(schema::text("status"))
        .col(schema::small_integer("priority"))
        .col(schema::text("category"))
        // Who said so: `true` is a person, whose word is a label to learn from.
        .col(schema::boolean("priority_by_person"))
        .col(schema::boolean("category_by_person"))
        // When the latest of these labels was given; with their count, it tells whether the model
        // in use has seen them all.
        .col(schema::timestamp_with_time_zone_null("labelled_at"))
        .col(schema::text("tags"))
        .col(schema::text("source"))
        .col(schema::uuid("requester_id"))
        .col(schema::uuid_null("assignee_id"))
        .col(schema::uuid_null("team_id"))
        .col(schema::text("metadata"))
        // The triage as staff see it, and as the requester sees it.
        .col(schema::text_null("triage"))
        .col(schema::text_null("triage_public"))
        .col(schema::boolean("needs_review"))
        .col(schema::integer("comment_count"))
        .col(schema::integer("public_comment_count"))
        .col(schema::text_null("external_id").unique_key())
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone("updated_at"))
        .col(schema::timestamp_with_time_zone_null("resolved_at"))
        .col(schema::timestamp_with_time_zone_null("closed_at"))
        // Seconds from creation; kept so that medians need no arithmetic on dates.
        .col(schema::big_integer_null("first_response_s"))
        .col(schema::big_integer_null("resolution_s"))
        .col(schema::big_integer("version"))
        // Counts changes of title and description; and which of them the vectors stand for.
        .col(schema::big_integer("text_version"))
        .col(schema::big_integer("indexed_version"))
        .foreign_key(
            ForeignKey::create()
                .name("tickets_category_fkey")
                .from("tickets", "category")
                .to("categories", "slug")
                .on_update(ForeignKeyAction::Cascade)
                .on_delete(ForeignKeyAction::Restrict),
        )
        .foreign_key(
            ForeignKey::create()
                .name("tickets_requester_id_fkey")
                .from("tickets", "requester_id")
                .to("users", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .name("tickets_assignee_id_fkey")
                .from("tickets", "assignee_id")
                .to("users", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .name("tickets_team_id_fkey")
                .from("tickets", "team_id")
                .to("teams", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .to_owned()
}

fn comments() -> TableCreateStatement {
    Table::create()
        .table("comments")
        .col(schema::uuid("id").primary_key())
        .col(schema::big_integer("ticket_number"))
        .col(schema::uuid("author_id"))
        .col(schema::text("body"))
        .col(schema::boolean("internal"))
        .col(schema::timestamp_with_time_zone("created_at"))
        .col(schema::timestamp_with_time_zone_null("edited_at"))
        .col(schema::big_integer("version"))
        .foreign_key(&mut of_ticket("comments"))
        .foreign_key(
            ForeignKey::create()
                .name("comments_author_id_fkey")
                .from("comments", "author_id")
                .to("users", "id"),
        )
        .to_owned()
}

/// The audit trail outlives its ticket, so it refers to it without a foreign key.
fn ticket_events() -> TableCreateStatement {
    Table::create()
        .table("ticket_events")
        .col(schema::big_pk_auto("sequence"))
        .col(schema::uuid("id").unique_key())
        .col(schema::big_integer("ticket_number"))
        .col(schema::text("kind"))
        .col(schema::uuid_null("actor_id"))
        .col(schema::text("changes"))
        // Whether only staff may see the entry, such as one about an internal note.
        .col(schema::boolean("internal"))
        .col(schema::text("request_id"))
        .col(schema::timestamp_with_time_zone("at"))
        .to_owned()
}

fn of_ticket(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_ticket_number_fkey"))
        .from(table, "ticket_number")
        .to("tickets", "number")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

/// One index for each list that people open every day; rarer filters narrow one of these.
const INDEXES: &str = "
    CREATE INDEX tickets_created ON tickets (created_at, number);
    CREATE INDEX tickets_updated ON tickets (updated_at, number);
    CREATE INDEX tickets_priority ON tickets (priority, number);
    CREATE INDEX tickets_requester ON tickets (requester_id, created_at, number);
    CREATE INDEX tickets_assignee ON tickets (assignee_id, created_at, number);
    CREATE INDEX tickets_status ON tickets (status, created_at, number);
    CREATE INDEX tickets_category ON tickets (category, created_at, number);
    CREATE INDEX tickets_team ON tickets (team_id, created_at, number);
    CREATE INDEX tickets_review ON tickets (created_at, number) WHERE needs_review;
    CREATE INDEX tickets_labelled ON tickets (labelled_at) WHERE labelled_at IS NOT NULL;
    CREATE INDEX tickets_unindexed ON tickets (number) WHERE indexed_version <> text_version;
    CREATE INDEX tickets_untriaged ON tickets (number)
        WHERE triage IS NULL AND NOT (category_by_person AND priority_by_person);
    CREATE INDEX ticket_tags_ticket ON ticket_tags (ticket_number);
    CREATE INDEX comments_ticket ON comments (ticket_number, created_at, id);
    CREATE INDEX comments_author ON comments (author_id);
    CREATE INDEX ticket_events_ticket ON ticket_events (ticket_number, sequence);
    -- Holds all that the index in memory is loaded from.
    CREATE INDEX ticket_vectors_changed ON ticket_vectors (changed_in, ticket_number, code);
    CREATE INDEX ticket_mentions_ticket ON ticket_mentions (ticket_number);
";

/// The text that arrives here is analysed already: lower-case stems between blanks. The mark counts
/// transactions; see `dialect::change_mark`.
const SEARCH_SQLITE: &str = "
    CREATE VIRTUAL TABLE ticket_search USING fts5 (
        title, body, comments, notes,
        content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0'
    );
    CREATE TABLE change_mark (mark bigint NOT NULL);
    INSERT INTO change_mark VALUES (0);
";

const SEARCH_POSTGRES: &str = "
    CREATE TABLE ticket_search (
        ticket_number bigint PRIMARY KEY REFERENCES tickets (number) ON DELETE CASCADE,
        document tsvector NOT NULL
    );
    CREATE INDEX ticket_search_document ON ticket_search USING gin (document);
";
