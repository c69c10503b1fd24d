//! Articles, as staff write them and everyone reads them.

use atc_core::{
    Ctx, Error, Result,
    article::{Article, ArticlePatch, NewArticle},
    id::ArticleId,
    idempotency::{Outcome, Remember},
    page::{Page, PageRequest},
    ports::Wake,
    text::ExternalId,
    user::UserSummary,
};
use atc_store::{ArticlePosition, Tx};

use crate::{App, IfMatch, ImportOutcome};

impl App {
    /// Articles that the caller may see, newest first. Drafts are for staff.
    pub async fn list_articles(
        &self,
        ctx: &Ctx,
        page: PageRequest<ArticlePosition>,
    ) -> Result<Page<Article, ArticlePosition>> {
        let drafts = ctx.caller.is_staff();
        Ok(self.store.read(async |store| store.articles().list(drafts, page).await).await?)
    }

    /// One article.
    ///
    /// # Errors
    /// Not found when it is not there or not visible.
    pub async fn get_article(&self, ctx: &Ctx, id: ArticleId) -> Result<Article> {
        Ok(self.store.articles().get(id, ctx.caller.is_staff()).await?)
    }

    /// Writes an article. It is found by its words at once and by its meaning within seconds.
    pub async fn create_article(
        &self,
        ctx: &Ctx,
        new: NewArticle,
        remember: Option<Remember<'_, Article>>,
    ) -> Result<Outcome<Article>> {
        let outcome = self
            .create_once(remember, ctx.now, async |tx| {
                self.insert_article(tx, ctx, new, None).await
            })
            .await?;
        self.wake(Wake::Index);
        Ok(outcome)
    }

    /// Writes an article from an import, once for each `external_id`.
    pub async fn import_article(
        &self,
        ctx: &Ctx,
        new: NewArticle,
        external_id: Option<ExternalId>,
    ) -> Result<ImportOutcome> {
        let tx = self.store.begin().await?;
        if let Some(id) = &external_id
            && tx.articles().is_known(id.as_str()).await?
        {
            return Ok(ImportOutcome::Present);
        }
        self.insert_article(&tx, ctx, new, external_id.as_ref()).await?;
        tx.commit().await?;
        self.wake(Wake::Index);
        Ok(ImportOutcome::Created)
    }

    async fn insert_article(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        new: NewArticle,
        external_id: Option<&ExternalId>,
    ) -> Result<Article> {
        let author = tx.users().get(ctx.caller.user_id).await?;
        let article = Article {
            id: ArticleId(self.new_id()),
            title: new.title,
            body: new.body,
            tags: new.tags,
            published: new.published,
            author: Some(UserSummary {
                id: author.id,
                email: author.email.into(),
                full_name: author.full_name.into_string(),
            }),
            created_at: ctx.now,
            updated_at: ctx.now,
            version: 1,
        };
        tx.articles().insert(&article, Some(author.id), external_id).await?;
        Ok(article)
    }

    /// Changes an article.
    ///
    /// # Errors
    /// Not found; a failed precondition.
    pub async fn update_article(
        &self,
        ctx: &Ctx,
        id: ArticleId,
        patch: ArticlePatch,
        if_match: &IfMatch,
    ) -> Result<Article> {
        let tx = self.store.begin().await?;
        let before = tx.articles().get(id, true).await?;
        if_match.check(before.version)?;
        let mut article = before.clone();
        article.title = patch.title.unwrap_or(article.title);
        article.body = patch.body.unwrap_or(article.body);
        article.tags = patch.tags.unwrap_or(article.tags);
        article.published = patch.published.unwrap_or(article.published);
        if article == before {
            return Ok(before);
        }
        let text_changed = article.title != before.title || article.body != before.body;
        article.version += 1;
        article.updated_at = ctx.now;
        tx.articles().update(&article, text_changed).await?;
        tx.commit().await?;
        if text_changed {
            self.wake(Wake::Index);
        }
        Ok(article)
    }

    /// Deletes an article.
    ///
    /// # Errors
    /// Not found; a failed precondition.
    pub async fn delete_article(&self, id: ArticleId, if_match: &IfMatch) -> Result<()> {
        let tx = self.store.begin().await?;
        let article = tx.articles().get(id, true).await?;
        if_match.check(article.version)?;
        if !tx.articles().delete(id).await? {
            return Err(Error::not_found("article"));
        }
        tx.commit().await?;
        Ok(())
    }
}
