//! Searching the knowledge base.

use atc_core::{
    Ctx, Result,
    article::{ArticleHit, SearchMode},
};
use atc_store::ArticleQuery;

use crate::App;

impl App {
    /// Articles that the caller may see and that fit the words or their meaning, best first.
    pub async fn search_articles(
        &self,
        ctx: &Ctx,
        text: &str,
        mode: SearchMode,
        limit: usize,
    ) -> Result<Vec<ArticleHit>> {
        let vector = match mode {
            SearchMode::Keyword => None,
            SearchMode::Hybrid | SearchMode::Semantic => {
                let vectors = self.engine.embed(vec![text.to_owned()]).await?;
                vectors.and_then(|mut v| v.pop())
            }
        };
        let query = ArticleQuery {
            text,
            vector: vector.as_ref(),
            mode,
            drafts: ctx.caller.is_staff(),
            limit,
        };
        Ok(self.store.read(async |store| store.search_articles(&query).await).await?)
    }
}
