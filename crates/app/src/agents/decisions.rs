//! Looking at the decision ledger.

use atc_core::{
    Result,
    decision::Decision,
    id::DecisionId,
    page::{Page, PageRequest},
};
use atc_store::{DecisionFilter, DecisionPosition};

use crate::App;

impl App {
    /// Decisions, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_decisions(
        &self,
        filter: &DecisionFilter,
        page: PageRequest<DecisionPosition>,
    ) -> Result<Page<Decision, DecisionPosition>> {
        Ok(self.store.decisions().list(filter, page).await?)
    }

    /// One decision.
    ///
    /// # Errors
    /// Not found when it is not there.
    pub async fn get_decision(&self, id: DecisionId) -> Result<Decision> {
        Ok(self.store.decisions().get(id).await?)
    }
}
