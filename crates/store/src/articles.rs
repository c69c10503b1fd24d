//! Articles of the knowledge base.

use std::collections::BTreeMap;

use atc_core::{
    article::Article,
    id::{ArticleId, UserId},
    page::{Page, PageRequest},
    text::{ArticleBody, ExternalId, Tag, Title},
    vector::Vector,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait,
    FromQueryResult, JoinType, Order, QueryFilter, Statement,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
};

use crate::{
    Engine, Result, Store, StoreError, Tx,
    db::{dialect, full_text},
    entity::article::{ActiveModel, Column, Entity},
    external_id::{external_id, known_as},
    search::TitledText,
    users::summary,
};

/// How many articles are looked at for the tags in use.
const TAGGED_ARTICLES: i64 = 500;

/// Articles, seen through a connection or a transaction.
pub struct Articles<'a, C> {
    pub(crate) db: &'a C,
    pub(crate) engine: Engine,
}

impl Store {
    /// Articles.
    #[must_use]
    pub fn articles(&self) -> Articles<'_, DatabaseConnection> {
        Articles { db: self.reader(), engine: self.engine() }
    }
}

impl Tx {
    /// Articles.
    #[must_use]
    pub fn articles(&self) -> Articles<'_, DatabaseTransaction> {
        Articles { db: &self.inner, engine: self.engine }
    }
}

/// Where in the list of articles one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArticlePosition {
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// The tie-breaker.
    pub number: i64,
}

/// An article on its way to another system.
#[derive(Debug, Clone)]
pub struct ExportedArticle {
    /// Its running number, to go on from.
    pub number: i64,
    /// The article.
    pub article: Article,
    /// Its identity in the other system.
    pub external_id: Option<ExternalId>,
}

/// An article whose passages are missing or stand for an older text.
#[derive(Debug, Clone)]
pub struct UnindexedArticle {
    /// Its running number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub body: String,
    /// Which state of the text this is.
    pub text_version: i64,
}

/// A passage of an article and its meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// The passage as plain text.
    pub text: String,
    /// Its meaning; `None` without the embedding model.
    pub vector: Option<Vector>,
}

#[derive(FromQueryResult)]
struct ArticleRow {
    number: i64,
    id: uuid::Uuid,
    title: String,
    body: String,
    tags: String,
    published: bool,
    author_id: Option<uuid::Uuid>,
    author_email: Option<String>,
    author_name: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

#[derive(FromQueryResult)]
struct UnindexedRow {
    number: i64,
    title: String,
    body: String,
    text_version: i64,
}

impl<C: ConnectionTrait> Articles<'_, C> {
    /// The article of this identity; drafts only where `drafts` says so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not there or not visible.
    pub async fn get(&self, id: ArticleId, drafts: bool) -> Result<Article> {
        let mut query = select(drafts);
        query.and_where(Expr::col(("k", "id")).eq(id.0));
        let row = self.db.query_one(&query).await?.ok_or(StoreError::NotFound("article"))?;
        Ok(article(ArticleRow::from_query_result(&row, "")?)?.1)
    }

    /// A page of the articles that are visible, newest first.
    pub async fn list(
        &self,
        drafts: bool,
        page: PageRequest<ArticlePosition>,
    ) -> Result<Page<Article, ArticlePosition>> {
        let mut query = select(drafts);
        if let Some(after) = page.after {
            query.and_where(
                Expr::tuple([Expr::col(("k", "created_at")), Expr::col(("k", "number"))])
                    .lt(Expr::tuple([Expr::val(after.created_at), Expr::val(after.number)])),
            );
        }
        query
            .order_by(("k", "created_at"), Order::Desc)
            .order_by(("k", "number"), Order::Desc)
            .limit(page.limit.get() + 1);
        let rows = self.db.query_all(&query).await?;
        let articles = rows
            .iter()
            .map(|row| article(ArticleRow::from_query_result(row, "")?))
            .collect::<Result<Vec<_>>>()?;
        let total = if page.include_total { Some(self.count(drafts).await?) } else { None };
        Ok(Page::from_surplus(articles, page.limit, |(number, a)| ArticlePosition {
            created_at: a.created_at,
            number: *number,
        })
        .map(|(_, article)| article)
        .with_total(total))
    }

    /// How many articles are visible.
    pub async fn count(&self, drafts: bool) -> Result<u64> {
        let mut query = Query::select();
        query.expr(Func::count(Expr::col(("k", "number")))).from_as("articles", "k");
        only_published(&mut query, drafts);
        let row = self.db.query_one(&query).await?.ok_or(StoreError::NotFound("count"))?;
        Ok(u64::try_from(row.try_get_by_index::<i64>(0)?).unwrap_or(0))
    }

    /// The next articles after `after` by number, drafts included, at most `limit`: the way of an
    /// export.
    pub async fn export(&self, after: i64, limit: u64) -> Result<Vec<ExportedArticle>> {
        let mut query = select(true);
        query
            .column(("k", "external_id"))
            .and_where(Expr::col(("k", "number")).gt(after))
            .order_by(("k", "number"), Order::Asc)
            .limit(limit);
        let rows = self.db.query_all(&query).await?;
        rows.iter()
            .map(|row| {
                let (number, article) = article(ArticleRow::from_query_result(row, "")?)?;
                Ok(ExportedArticle { number, article, external_id: external_id(row)? })
            })
            .collect()
    }

    /// The tags that the newest published articles carry most, at most `limit`.
    pub async fn common_tags(&self, limit: usize) -> Result<Vec<Tag>> {
        let rows = self
            .db
            .query_all_raw(Statement::from_sql_and_values(
                self.db.get_database_backend(),
                "SELECT tags FROM articles WHERE published AND tags <> '[]' \
                 ORDER BY created_at DESC, number DESC LIMIT $1",
                [TAGGED_ARTICLES.into()],
            ))
            .await?;
        let mut counts: BTreeMap<Tag, usize> = BTreeMap::new();
        for row in rows {
            for tag in tags(&row.try_get_by_index::<String>(0)?)? {
                *counts.entry(tag).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Ok(counts.into_iter().take(limit).map(|(tag, _)| tag).collect())
    }

    /// Whether an article is there that another system knows by this identity, or whose own identity
    /// this is.
    pub async fn is_known(&self, external_id: &str) -> Result<bool> {
        let mut query = Query::select();
        query.column("number").from("articles").cond_where(known_as(external_id)).limit(1);
        Ok(self.db.query_one(&query).await?.is_some())
    }

    /// Articles whose passages are missing or outdated, lowest numbers first, at most `limit`.
    pub async fn unindexed(&self, limit: u64) -> Result<Vec<UnindexedArticle>> {
        let statement = Statement::from_sql_and_values(
            self.db.get_database_backend(),
            "SELECT number, title, body, text_version FROM articles \
             WHERE indexed_version <> text_version ORDER BY number LIMIT $1",
            [limit.into()],
        );
        let rows = UnindexedRow::find_by_statement(statement).all(self.db).await?;
        Ok(rows
            .into_iter()
            .map(|row| UnindexedArticle {
                number: row.number,
                title: row.title,
                body: row.body,
                text_version: row.text_version,
            })
            .collect())
    }
}

impl Articles<'_, DatabaseTransaction> {
    /// Writes a new article down. It is found by its words at once, and by its meaning when it has
    /// been indexed.
    pub async fn insert(
        &self,
        article: &Article,
        author: Option<UserId>,
        external_id: Option<&ExternalId>,
    ) -> Result<()> {
        let row = ActiveModel {
            number: NotSet,
            id: Set(article.id.0),
            title: Set(article.title.as_str().to_owned()),
            body: Set(article.body.as_str().to_owned()),
            tags: Set(tags_json(article)?),
            published: Set(article.published),
            author_id: Set(author.map(|id| id.0)),
            external_id: Set(external_id.map(|id| id.as_str().to_owned())),
            created_at: Set(article.created_at),
            updated_at: Set(article.updated_at),
            version: Set(article.version),
            text_version: Set(1),
            indexed_version: Set(0),
        };
        let number = Entity::insert(row).exec(self.db).await?.last_insert_id;
        self.write_text(number, article).await
    }

    /// Writes title, body, tags, publication and version of an article.
    pub async fn update(&self, article: &Article, text_changed: bool) -> Result<()> {
        let row = ActiveModel {
            title: Set(article.title.as_str().to_owned()),
            body: Set(article.body.as_str().to_owned()),
            tags: Set(tags_json(article)?),
            published: Set(article.published),
            updated_at: Set(article.updated_at),
            version: Set(article.version),
            ..ActiveModel::default()
        };
        let mut update = Entity::update_many().set(row).filter(Column::Id.eq(article.id.0));
        if text_changed {
            update = update.col_expr(Column::TextVersion, Expr::col(Column::TextVersion).add(1));
        }
        update.exec(self.db).await?;
        if text_changed {
            self.write_text(self.number_of(article.id).await?, article).await?;
        }
        Ok(())
    }

    /// Deletes an article. Answers whether there was one.
    pub async fn delete(&self, id: ArticleId) -> Result<bool> {
        let Ok(number) = self.number_of(id).await else { return Ok(false) };
        self.db.execute_raw(full_text::delete_text(self.engine, "article", number)).await?;
        Entity::delete_many().filter(Column::Number.eq(number)).exec(self.db).await?;
        Ok(true)
    }

    /// Keeps the passages of an article, unless its text has changed since `text_version`.
    pub async fn set_passages(
        &self,
        number: i64,
        text_version: i64,
        passages: &[Passage],
    ) -> Result<()> {
        let db = self.db.get_database_backend();
        let claimed = self
            .db
            .execute_raw(Statement::from_sql_and_values(
                db,
                "UPDATE articles SET indexed_version = text_version \
                 WHERE number = $1 AND text_version = $2",
                [number.into(), text_version.into()],
            ))
            .await?;
        if claimed.rows_affected() == 0 {
            return Ok(());
        }
        self.db
            .execute_raw(Statement::from_sql_and_values(
                db,
                "DELETE FROM article_passages WHERE article_number = $1",
                [number.into()],
            ))
            .await?;
        if let Some(advance) = dialect::advance_mark(self.engine) {
            self.db.execute_unprepared(advance).await?;
        }
        for (passage, ordinal) in passages.iter().zip(0i32..) {
            self.db
                .execute_raw(Statement::from_sql_and_values(
                    db,
                    dialect::insert_passage(self.engine),
                    [
                        number.into(),
                        ordinal.into(),
                        passage.text.clone().into(),
                        passage.vector.as_ref().map(Vector::to_bytes).into(),
                    ],
                ))
                .await?;
        }
        Ok(())
    }

    /// Marks every article as not indexed: its vectors come from a model that is gone.
    pub async fn forget_vectors(&self) -> Result<()> {
        self.db
            .execute_unprepared(
                "UPDATE articles SET indexed_version = 0; \
                 UPDATE article_passages SET vector = NULL",
            )
            .await?;
        Ok(())
    }

    async fn number_of(&self, id: ArticleId) -> Result<i64> {
        let mut query = Query::select();
        query.column("number").from("articles").and_where(Expr::col("id").eq(id.0));
        let row = self.db.query_one(&query).await?.ok_or(StoreError::NotFound("article"))?;
        Ok(row.try_get_by_index(0)?)
    }

    async fn write_text(&self, number: i64, article: &Article) -> Result<()> {
        let text = TitledText::new(article.title.as_str(), article.body.as_str());
        for statement in full_text::write_article_text(self.engine, number, &text) {
            self.db.execute_raw(statement).await?;
        }
        Ok(())
    }
}

fn select(drafts: bool) -> SelectStatement {
    let mut query = Query::select();
    query
        .columns(
            [
                "number",
                "id",
                "title",
                "body",
                "tags",
                "published",
                "author_id",
                "created_at",
                "updated_at",
                "version",
            ]
            .map(|c| ("k", c)),
        )
        .expr_as(Expr::col(("u", "email")), "author_email")
        .expr_as(Expr::col(("u", "full_name")), "author_name")
        .from_as("articles", "k")
        .join_as(
            JoinType::LeftJoin,
            "users",
            "u",
            Expr::col(("u", "id")).equals(("k", "author_id")),
        );
    only_published(&mut query, drafts);
    query
}

pub(crate) fn only_published(query: &mut SelectStatement, drafts: bool) {
    if !drafts {
        query.and_where(Expr::col(("k", "published")));
    }
}

fn tags(json: &str) -> Result<Vec<Tag>> {
    serde_json::from_str(json).map_err(|e| StoreError::unreadable("articles.tags", e))
}

fn tags_json(article: &Article) -> Result<String> {
    serde_json::to_string(&article.tags).map_err(|e| StoreError::unreadable("articles.tags", e))
}

fn article(row: ArticleRow) -> Result<(i64, Article)> {
    let article = Article {
        id: ArticleId(row.id),
        title: Title::parse(row.title).map_err(|e| StoreError::unreadable("articles.title", e))?,
        body: ArticleBody::parse(row.body)
            .map_err(|e| StoreError::unreadable("articles.body", e))?,
        tags: tags(&row.tags)?,
        published: row.published,
        author: summary(row.author_id, row.author_email, row.author_name),
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    };
    Ok((row.number, article))
}
