//! How alike is alike enough.

use atc_core::{
    Result,
    caller::Visibility,
    ports::{Meaning, TriageInput},
    ticket::Ticket,
};
use atc_store::{SimilarHit, SimilarQuery};

use crate::App;

/// From this score on, a ticket is shown as a possible duplicate. Of the ten tickets most like a
/// report of Hadoop or `SeaMonkey` that has known duplicates, two pass on average; one in three of
/// these is a known one, and 60 % of the known ones among the ten are these.
pub(crate) const LIKELY_DUPLICATE: f64 = 0.15;
/// From this score on, an article is shown as possibly helpful: of CLINC150's questions, matched
/// with the descriptions of its 150 intents, 83 % of those that score as much had found the right
/// one, and 4 % of those that no intent answers score as much.
pub(crate) const HELPFUL_ARTICLE: f64 = 0.5;
/// From this score on, an article answers the question well enough to be quoted in a reply: 91 %
/// right on CLINC150, with no question out of scope; 80 % on BANKING77, where all intents are alike.
pub(crate) const REPLY_WORTHY_ARTICLE: f64 = 0.65;

impl App {
    /// Tickets like a stored one, most alike first. Its own meaning is taken from the index, or
    /// read now where the index has not come to it yet.
    pub(crate) async fn find_similar_to(
        &self,
        ticket: &Ticket,
        visibility: Visibility,
        limit: usize,
    ) -> Result<Vec<SimilarHit>> {
        let meaning = match self.store.tickets().meaning(ticket.number).await? {
            Some(meaning) => Some(meaning),
            None => self.meaning_of(ticket).await?,
        };
        let query = SimilarQuery {
            title: ticket.title.as_str(),
            text: ticket.description.as_str(),
            meaning: meaning.as_ref(),
            visibility,
            exclude: Some(ticket.number),
            limit,
        };
        Ok(self.store.read(async |store| store.similar_tickets(&query).await).await?)
    }

    async fn meaning_of(&self, ticket: &Ticket) -> Result<Option<Meaning>> {
        let mut text = ticket.description.as_str().to_owned();
        for (_, file) in self.store.tickets().file_texts(&[ticket.number]).await? {
            file.append_to(&mut text);
        }
        let input = TriageInput { title: Some(ticket.title.as_str().to_owned()), text };
        let meanings = self.engine.meanings(vec![input]).await?;
        Ok(meanings.and_then(|mut m| m.pop()))
    }
}
