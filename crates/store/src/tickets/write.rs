//! Writing tickets. Every write keeps tags, full text and mentions in step with the row.

use atc_core::{
    caller::Visibility,
    id::TicketNumber,
    ports::Meaning,
    text::{Description, Tag, Title},
    ticket::{Priority, Ticket},
    triage::Triage,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use super::{NewTicketRow, StoredTriage, TicketChange, Tickets};
use crate::{
    Result, StoreError,
    entity::ticket::{ActiveModel, Column, Entity},
    search::TicketText,
};

/// How much of the text of a file search looks at: a `tsvector` has a bound of one megabyte.
const INDEXED_CHARS: u32 = 100_000;

impl Tickets<'_, DatabaseTransaction> {
    /// Writes a new ticket down and gives it its number. `meaning` is kept for search, where it is
    /// known already; else the ticket waits to be indexed.
    ///
    /// # Errors
    /// [`StoreError::Reference`] when its category, team or one of its people is gone.
    pub async fn insert(
        &self,
        new: &NewTicketRow,
        meaning: Option<&Meaning>,
    ) -> Result<TicketNumber> {
        let labelled = new.category_by_person || new.priority_by_person;
        let triage = new.triage.as_ref();
        let row = ActiveModel {
            number: NotSet,
            id: Set(new.id.0),
            title: Set(new.title.as_str().to_owned()),
            description: Set(new.description.as_str().to_owned()),
            status: Set(new.status.as_str().to_owned()),
            priority: Set(new.priority.rank()),
            category: Set(new.category.as_str().to_owned()),
            priority_by_person: Set(new.priority_by_person),
            category_by_person: Set(new.category_by_person),
            labelled_at: Set(labelled.then_some(new.updated_at)),
            tags: Set(tags_json(&new.tags)?),
            source: Set(new.source.as_str().to_owned()),
            requester_id: Set(new.requester_id.0),
            assignee_id: Set(new.assignee_id.map(|id| id.0)),
            team_id: Set(new.team_id.map(|id| id.0)),
            metadata: Set(new.metadata.as_str().to_owned()),
            triage: Set(triage.map(|t| t.full.clone())),
            triage_public: Set(triage.map(|t| t.public.clone())),
            needs_review: Set(triage.is_some_and(|t| t.needs_review)),
            comment_count: Set(0),
            public_comment_count: Set(0),
            file_count: Set(0),
            external_id: Set(new.external_id.as_ref().map(|id| id.as_str().to_owned())),
            created_at: Set(new.created_at),
            updated_at: Set(new.updated_at),
            resolved_at: Set(new.status.is_done().then_some(new.updated_at)),
            closed_at: Set(new.status.is_final().then_some(new.updated_at)),
            first_response_s: Set(None),
            resolution_s: Set(None),
            version: Set(1),
            text_version: Set(1),
            indexed_version: Set(i64::from(meaning.is_some())),
        };
        let number = TicketNumber(Entity::insert(row).exec(self.db).await?.last_insert_id);
        self.insert_tags(number, &new.tags).await?;
        self.write_text(number, &TicketText::new(&new.title, &new.description, &[])).await?;
        if let Some(meaning) = meaning {
            self.write_vectors(number, meaning).await?;
        }
        if let Some(triage) = triage {
            self.insert_mentions(number, triage).await?;
        }
        Ok(number)
    }

    /// Changes a ticket that this transaction has locked and read as `before`. `meaning` is that of
    /// the changed text, where it is known.
    ///
    /// # Errors
    /// [`StoreError::Reference`] when its category, team or assignee is gone.
    pub async fn update(
        &self,
        before: &Ticket,
        change: &TicketChange,
        meaning: Option<&Meaning>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let number = before.number;
        let text_changed = change.title.is_some() || change.description.is_some();
        let mut row = columns(change)?;
        row.version = Set(before.version + 1);
        row.updated_at = Set(now);
        let labelled = change.category.as_ref().is_some_and(|(_, by_person)| *by_person)
            || change.priority.is_some_and(|(_, by_person)| by_person);
        if labelled {
            row.labelled_at = Set(Some(now));
        }
        let mut update = Entity::update_many().set(row).filter(Column::Number.eq(number.0));
        if text_changed {
            update = update
                .col_expr(Column::TextVersion, Expr::col(Column::TextVersion).add(1))
                // A label stands for a text: where the text changes, the model learns it anew.
                .col_expr(
                    Column::LabelledAt,
                    Expr::case(
                        Expr::col(Column::LabelledAt).is_null(),
                        Expr::col(Column::LabelledAt),
                    )
                    .finally(Expr::value(now))
                    .into(),
                );
        } else if change.files {
            update = update.col_expr(Column::TextVersion, Expr::col(Column::TextVersion).add(1));
        }
        if let Some(seconds) = change.first_response_s {
            // Only the first answer counts.
            let first = Expr::col(Column::FirstResponseS).if_null(seconds);
            update = update.col_expr(Column::FirstResponseS, first);
        }
        if let Some((all, public)) = change.comments {
            update = update
                .col_expr(Column::CommentCount, Expr::col(Column::CommentCount).add(all))
                .col_expr(
                    Column::PublicCommentCount,
                    Expr::col(Column::PublicCommentCount).add(public),
                );
        }
        update.exec(self.db).await?;
        if let Some(tags) = &change.tags {
            self.delete_from("ticket_tags", "ticket_number", number).await?;
            self.insert_tags(number, tags).await?;
        }
        if text_changed || change.files || change.comments.is_some() {
            self.rewrite_text(before, change).await?;
        }
        if let Some(triage) = &change.triage {
            self.delete_from("ticket_mentions", "ticket_number", number).await?;
            self.insert_mentions(number, triage).await?;
        }
        if let Some(meaning) = meaning {
            self.set_meaning(number, None, meaning).await?;
        }
        Ok(())
    }

    /// Renews the full text after a comment was edited.
    pub async fn refresh_text(&self, ticket: &Ticket) -> Result<()> {
        self.rewrite_text(ticket, &TicketChange::default()).await
    }

    /// Deletes a ticket with all that belongs to it, and makes the triage of other tickets forget
    /// it. Its audit trail stays.
    pub async fn delete(&self, number: TicketNumber) -> Result<()> {
        for mentioning in self.mentioning(number).await? {
            self.forget_mention(mentioning, number).await?;
        }
        self.delete_from("ticket_mentions", "mentioned_number", number).await?;
        self.delete_text(number).await?;
        Entity::delete_many().filter(Column::Number.eq(number.0)).exec(self.db).await?;
        Ok(())
    }

    async fn rewrite_text(&self, before: &Ticket, change: &TicketChange) -> Result<()> {
        let files = !before.attachments.is_empty() || change.files;
        let title = change.title.as_ref().unwrap_or(&before.title);
        let description = change.description.as_ref().unwrap_or(&before.description);
        self.write_whole_text(before.number, title, description, files).await
    }

    /// Makes the full text of a ticket with its comments and, if there are any, `files`.
    pub(crate) async fn write_whole_text(
        &self,
        number: TicketNumber,
        title: &Title,
        description: &Description,
        files: bool,
    ) -> Result<()> {
        let mut besides = crate::comments::bodies(self.db, number).await?;
        if files {
            let files = crate::files::texts(self.db, &[number], INDEXED_CHARS).await?;
            besides.extend(files.into_iter().map(|(_, file)| (file.text, !file.public)));
        }
        self.write_text(number, &TicketText::new(title, description, &besides)).await
    }

    async fn insert_tags(&self, number: TicketNumber, tags: &[Tag]) -> Result<()> {
        if tags.is_empty() {
            return Ok(());
        }
        let mut insert = Query::insert();
        insert.into_table("ticket_tags").columns(["tag", "ticket_number"]);
        for tag in tags {
            insert.values_panic([tag.as_str().into(), number.0.into()]);
        }
        insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        self.db.execute(&insert).await?;
        Ok(())
    }

    async fn insert_mentions(&self, number: TicketNumber, triage: &StoredTriage) -> Result<()> {
        if triage.mentions.is_empty() {
            return Ok(());
        }
        let mut insert = Query::insert();
        insert.into_table("ticket_mentions").columns(["mentioned_number", "ticket_number"]);
        for mentioned in &triage.mentions {
            insert.values_panic([mentioned.0.into(), number.0.into()]);
        }
        insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        self.db.execute(&insert).await?;
        Ok(())
    }

    async fn mentioning(&self, number: TicketNumber) -> Result<Vec<TicketNumber>> {
        let mut query = Query::select();
        query
            .column("ticket_number")
            .from("ticket_mentions")
            .and_where(Expr::col("mentioned_number").eq(number.0));
        let rows = self.db.query_all(&query).await?;
        rows.iter().map(|row| Ok(TicketNumber(row.try_get_by_index(0)?))).collect()
    }

    /// Takes a deleted ticket out of the triage of another one.
    async fn forget_mention(&self, from: TicketNumber, deleted: TicketNumber) -> Result<()> {
        let row = Entity::find()
            .select_only()
            .columns([Column::Triage, Column::TriagePublic])
            .filter(Column::Number.eq(from.0))
            .into_tuple::<(Option<String>, Option<String>)>()
            .one(self.db)
            .await?;
        let Some((full, public)) = row else { return Ok(()) };
        let without = |json: Option<String>| -> Result<Option<String>> {
            let Some(json) = json else { return Ok(None) };
            let unreadable = |e| StoreError::unreadable("tickets.triage", e);
            let mut triage: Triage = serde_json::from_str(&json).map_err(unreadable)?;
            triage.duplicates.retain(|d| d.number != deleted);
            serde_json::to_string(&triage).map(Some).map_err(unreadable)
        };
        Entity::update_many()
            .col_expr(Column::Triage, Expr::value(without(full)?))
            .col_expr(Column::TriagePublic, Expr::value(without(public)?))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::Number.eq(from.0))
            .exec(self.db)
            .await?;
        Ok(())
    }

    pub(super) async fn delete_from(
        &self,
        table: &'static str,
        column: &'static str,
        number: TicketNumber,
    ) -> Result<()> {
        let mut delete = Query::delete();
        delete.from_table(table).and_where(Expr::col(column).eq(number.0));
        self.db.execute(&delete).await?;
        Ok(())
    }

    /// Reads the ticket again as it stands in this transaction.
    pub async fn reload(&self, number: TicketNumber, visibility: Visibility) -> Result<Ticket> {
        self.get(atc_core::id::TicketRef::Number(number), visibility).await
    }
}

/// The columns that a change sets to values; those it computes are added where it is executed.
fn columns(change: &TicketChange) -> Result<ActiveModel> {
    let mut row = ActiveModel::default();
    if let Some(title) = &change.title {
        row.title = Set(title.as_str().to_owned());
    }
    if let Some(description) = &change.description {
        row.description = Set(description.as_str().to_owned());
    }
    if let Some(status) = change.status {
        row.status = Set(status.as_str().to_owned());
    }
    if let Some(at) = change.resolved_at.into_change() {
        row.resolved_at = Set(at);
    }
    if let Some(at) = change.closed_at.into_change() {
        row.closed_at = Set(at);
    }
    if let Some(seconds) = change.resolution_s.into_change() {
        row.resolution_s = Set(seconds);
    }
    if let Some((priority, by_person)) = change.priority {
        row.priority = Set(Priority::rank(priority));
        row.priority_by_person = Set(by_person);
    }
    if let Some((category, by_person)) = &change.category {
        row.category = Set(category.as_str().to_owned());
        row.category_by_person = Set(*by_person);
    }
    if let Some(tags) = &change.tags {
        row.tags = Set(tags_json(tags)?);
    }
    if let Some(metadata) = &change.metadata {
        row.metadata = Set(metadata.as_str().to_owned());
    }
    if let Some(person) = change.assignee_id.into_change() {
        row.assignee_id = Set(person.map(|id| id.0));
    }
    if let Some(team) = change.team_id.into_change() {
        row.team_id = Set(team.map(|id| id.0));
    }
    if let Some(triage) = &change.triage {
        row.triage = Set(Some(triage.full.clone()));
        row.triage_public = Set(Some(triage.public.clone()));
        row.needs_review = Set(triage.needs_review);
    }
    if let Some(needs_review) = change.needs_review {
        row.needs_review = Set(needs_review);
    }
    Ok(row)
}

fn tags_json(tags: &[Tag]) -> Result<String> {
    serde_json::to_string(tags).map_err(|e| StoreError::unreadable("tickets.tags", e))
}
