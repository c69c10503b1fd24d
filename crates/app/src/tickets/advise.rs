//! Asking a language model about a ticket that was made without waiting for one.

use atc_core::{Error, Result, agent::AgentName, caller::Visibility, id::TicketId, job::Failure};
use atc_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};

use super::triage::Reader;
use crate::{
    App,
    worker::{Job, Run},
};

/// Has the categorization agent read a ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AdviseTicket {
    /// Which.
    pub ticket_id: TicketId,
}

impl Job for AdviseTicket {
    const KIND: &'static str = "ticket.advise.v1";
    const QUEUE: &'static str = "models";
    const MAX_ATTEMPTS: u16 = 3;

    fn unique_key(&self) -> Option<String> {
        Some(format!("advise:{}", self.ticket_id))
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let ticket = match app.store.tickets().get(self.ticket_id.into(), Visibility::All).await {
            // It was deleted in between.
            Err(StoreError::NotFound(_)) => return Ok(()),
            found => found.map_err(Error::from)?,
        };
        app.triage_again(ticket, None, Reader::Agent, "background").await?;
        Ok(())
    }
}

impl App {
    /// Adds the job that asks a language model about this ticket, where the categorization agent has one: a
    /// plain request does not wait for it.
    pub(crate) async fn enqueue_advice(&self, tx: &Tx, ticket_id: TicketId) -> Result<()> {
        if self.agent_settings(AgentName::Categorization).is_some() {
            tx.jobs().enqueue(&self.new_job(&AdviseTicket { ticket_id })?).await?;
        }
        Ok(())
    }
}
