//! Articles that answer a text.

use atc_core::{
    article::{ArticleHit, SearchMode},
    vector::Vector,
};

use crate::{Result, Store};

/// A question to the knowledge base.
#[derive(Debug, Clone, Copy)]
pub struct ArticleQuery<'a> {
    /// Its words.
    pub text: &'a str,
    /// Its meaning, where there is an embedding model.
    pub vector: Option<&'a Vector>,
    /// How to search.
    pub mode: SearchMode,
    /// Whether drafts are found as well.
    pub drafts: bool,
    /// How many at most.
    pub limit: usize,
}

impl Store {
    /// The articles that answer best, best first.
    pub async fn search_articles(&self, query: &ArticleQuery<'_>) -> Result<Vec<ArticleHit>> {
        let _ = query;
        Ok(Vec::new())
    }
}
