//! Taking everything along to another system, or to another installation of this one.

use crate::App;
use atc_core::{
    Result, article::Article, category::Category, id::TicketNumber, text::ExternalId,
    ticket::Ticket,
};

/// How many rows an export reads at once.
const PAGE: u64 = 200;

/// Something with the identity under which it can be imported once and no more.
#[derive(Debug, Clone)]
pub struct Exported<T> {
    /// The thing itself.
    pub item: T,
    /// The identity that another system gave it, or else its own: what is imported from an export
    /// twice is there once.
    pub external_id: ExternalId,
}

/// Some rows of an export.
#[derive(Debug)]
pub struct ExportPage<T> {
    /// The rows; none at the end.
    pub items: Vec<T>,
    /// Where to go on.
    pub next: i64,
}

impl App {
    /// Every ticket by number, beginning after `after` (0 for the first).
    pub async fn export_tickets(&self, after: i64) -> Result<ExportPage<Exported<Ticket>>> {
        let after_number = TicketNumber(after);
        let rows =
            self.store.read(async |store| store.tickets().export(after_number, PAGE).await).await?;
        let next = rows.last().map_or(after, |(ticket, _)| ticket.number.0);
        let items = rows
            .into_iter()
            .map(|(ticket, id)| exported(ticket.id.to_string(), ticket, id))
            .collect::<Result<_>>()?;
        Ok(ExportPage { items, next })
    }

    /// How many tickets there are.
    pub async fn count_tickets(&self) -> Result<u64> {
        Ok(self.store.read(async |store| store.tickets().count_all().await).await?)
    }

    /// Every article in the order of writing, drafts included, beginning after `after` (0 for the
    /// first).
    pub async fn export_articles(&self, after: i64) -> Result<ExportPage<Exported<Article>>> {
        let rows =
            self.store.read(async |store| store.articles().export(after, PAGE).await).await?;
        let next = rows.last().map_or(after, |row| row.number);
        let items = rows
            .into_iter()
            .map(|row| exported(row.article.id.to_string(), row.article, row.external_id))
            .collect::<Result<_>>()?;
        Ok(ExportPage { items, next })
    }

    /// How many articles there are, drafts included.
    pub async fn count_articles(&self) -> Result<u64> {
        Ok(self.store.articles().count(true).await?)
    }

    /// Every category; there are hundreds at most.
    pub async fn export_categories(&self) -> Result<Vec<Category>> {
        Ok(self.store.categories().all().await?)
    }
}

fn exported<T>(own_id: String, item: T, id: Option<ExternalId>) -> Result<Exported<T>> {
    let own = || ExternalId::parse(own_id).map_err(atc_core::Error::internal);
    let external_id = id.map_or_else(own, Ok)?;
    Ok(Exported { item, external_id })
}
