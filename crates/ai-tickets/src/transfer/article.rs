//! An article in a file.

use atc_app::{App, Exported, ImportOutcome};
use atc_core::{
    Ctx, ErrorCode, Result,
    article::{Article, NewArticle},
    error::Faults,
    text::{ArticleBody, ExternalId, Title},
};
use serde::{Deserialize, Serialize};

use super::{Cells, Column, Line, tags};

/// The fields of the create call, and the identity that makes a repeat harmless.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleLine {
    external_id: Option<String>,
    title: Option<String>,
    body: Option<String>,
    tags: Option<Vec<String>>,
    published: Option<bool>,
}

impl Line for ArticleLine {
    type New = (NewArticle, Option<ExternalId>);

    const NOUN: &'static str = "articles";
    const BATCH: usize = 1;
    const COLUMNS: &'static [Column] = &[
        Column::new("external_id", Cells::Word),
        Column::required("title", Cells::Text),
        Column::required("body", Cells::Text),
        Column::new("tags", Cells::List),
        Column::new("published", Cells::Flag),
    ];

    fn parse(self) -> Result<Self::New> {
        let mut faults = Faults::new();
        let external_id =
            self.external_id.and_then(|id| faults.take("/external_id", ExternalId::parse(id)));
        let title = faults.require("/title", self.title.map(Title::parse));
        let body = faults.require("/body", self.body.map(ArticleBody::parse));
        let tags = tags(&mut faults, self.tags.unwrap_or_default());
        let published = self.published.unwrap_or(true);
        let article = title.zip(body).zip(tags);
        let article =
            article.map(|((title, body), tags)| NewArticle { title, body, tags, published });
        faults.finish(article.map(|article| (article, external_id)))
    }

    async fn take_in(
        app: &App,
        ctx: &Ctx,
        batch: Vec<Self::New>,
    ) -> Result<Vec<Result<ImportOutcome>>> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for (article, external_id) in batch {
            match app.import_article(ctx, article, external_id).await {
                Err(e) if matches!(e.code, ErrorCode::Unavailable | ErrorCode::Internal) => {
                    return Err(e);
                }
                outcome => outcomes.push(outcome),
            }
        }
        Ok(outcomes)
    }

    async fn give_out(app: &App, after: i64) -> Result<(Vec<Self>, i64)> {
        let page = app.export_articles(after).await?;
        Ok((page.items.into_iter().map(Self::from).collect(), page.next))
    }

    async fn count(app: &App) -> Result<u64> {
        app.count_articles().await
    }
}

impl From<Exported<Article>> for ArticleLine {
    fn from(exported: Exported<Article>) -> Self {
        let Exported { item: article, external_id } = exported;
        Self {
            external_id: Some(external_id.into_string()),
            title: Some(article.title.into_string()),
            body: Some(article.body.into_string()),
            tags: Some(article.tags.into_iter().map(String::from).collect()),
            published: Some(article.published),
        }
    }
}
