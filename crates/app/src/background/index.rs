//! Indexing: giving every text its meaning, and reading tickets that were made without triage.

use atc_core::{Error, Result, caller::Visibility, id::TicketRef, ports::EngineState};
use atc_store::{Passage, StoreError, UnindexedArticle};

use crate::{App, knowledge::passages, tickets::Reader};

/// How many texts are read together.
const BATCH: u64 = 32;
/// The setting that holds which model made the kept vectors.
const MODEL_SETTING: &str = "embedding_model";

impl App {
    /// Indexes everything that waits, articles first: people expect to find what they just wrote.
    pub(super) async fn index_pending(&self) -> Result<()> {
        self.forget_foreign_vectors().await?;
        loop {
            let articles = self.index_articles().await?;
            let tickets = self.index_tickets().await?;
            let skipped = self.triage_skipped().await?;
            if articles + tickets + skipped == 0 {
                // What was written is in memory before somebody searches for it.
                return Ok(self.store.warm_search().await?);
            }
        }
    }

    /// Vectors of another model cannot be compared with those of the present one; what was indexed
    /// without any model has none.
    async fn forget_foreign_vectors(&self) -> Result<()> {
        let Some(model) = self.engine.embedding_model() else { return Ok(()) };
        let known = self.store.settings().find(MODEL_SETTING).await?;
        if known.as_deref() == Some(model.as_str()) {
            return Ok(());
        }
        let tx = self.store.begin().await?;
        tx.tickets().forget_vectors().await?;
        tx.articles().forget_vectors().await?;
        tx.settings().set(MODEL_SETTING, &model).await?;
        tx.commit().await?;
        tracing::info!(%model, "everything will be indexed with this embedding model");
        Ok(())
    }

    async fn index_articles(&self) -> Result<usize> {
        let articles = self.store.articles().unindexed(BATCH).await?;
        for article in &articles {
            let passages = self.read_passages(article).await?;
            let tx = self.store.begin().await?;
            tx.articles().set_passages(article.number, article.text_version, &passages).await?;
            tx.commit().await?;
        }
        Ok(articles.len())
    }

    async fn read_passages(&self, article: &UnindexedArticle) -> Result<Vec<Passage>> {
        let texts = passages::of_article(&article.title, &article.body);
        let to_embed = texts.iter().map(|p| p.to_embed.clone()).collect();
        let vectors = self.engine.embed(to_embed).await?;
        let vectors: Vec<_> = match vectors {
            Some(vectors) => vectors.into_iter().map(Some).collect(),
            None => vec![None; texts.len()],
        };
        let passages = texts.into_iter().zip(vectors);
        Ok(passages.map(|(p, vector)| Passage { text: p.text, vector }).collect())
    }

    async fn index_tickets(&self) -> Result<usize> {
        if self.engine.embedding_model().is_none() {
            return Ok(0);
        }
        let tickets = self.store.tickets().unindexed(BATCH).await?;
        if tickets.is_empty() {
            return Ok(0);
        }
        let inputs = tickets.iter().map(|t| t.input.clone()).collect();
        let Some(meanings) = self.engine.meanings(inputs).await? else { return Ok(0) };
        let tx = self.store.begin().await?;
        for (ticket, meaning) in tickets.iter().zip(&meanings) {
            tx.tickets().set_meaning(ticket.number, Some(ticket.text_version), meaning).await?;
        }
        tx.commit().await?;
        metrics::counter!("indexed_tickets_total").increment(tickets.len() as u64);
        Ok(tickets.len())
    }

    /// Reads tickets that could not wait for triage when they were made.
    async fn triage_skipped(&self) -> Result<usize> {
        if self.engine.status().state == EngineState::Unavailable {
            return Ok(0);
        }
        let numbers = self.store.tickets().untriaged(BATCH).await?;
        for number in &numbers {
            let reference = TicketRef::Number(*number);
            match self.store.tickets().get(reference, Visibility::All).await {
                Ok(ticket) => {
                    self.triage_again(ticket, None, Reader::Engine, "background").await?;
                }
                // It was deleted in between.
                Err(StoreError::NotFound(_)) => {}
                Err(e) => return Err(Error::from(e)),
            }
        }
        Ok(numbers.len())
    }
}
