//! A candidate beside the live agent: it reads the same ticket, and what it would have decided is written
//! down without effect.

use std::time::Duration;

use atc_core::{
    Error, Result,
    agent::{AgentName, ModelRef},
    caller::Visibility,
    category::Category,
    decision::DecisionAction,
    id::{TicketId, UserId},
    job::Failure,
    ports::TriageInput,
    ticket::Ticket,
};
use atc_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::{
    ask::Unanswered,
    categorize::prompt_version,
    ledger::{DecidedBy, NewDecision, digest_of},
    structured::Structured,
};
use crate::{
    App,
    triage::TriageReading,
    worker::{Job, Run},
};

/// How long a candidate may take: nobody waits for it.
const CANDIDATE_TIME: Duration = Duration::from_mins(1);

/// Has a candidate read a ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReadBeside {
    /// Which ticket.
    pub ticket_id: TicketId,
    /// Beside which agent.
    pub agent: AgentName,
}

impl Job for ReadBeside {
    const KIND: &'static str = "ai.shadow.v1";
    const QUEUE: &'static str = "models";
    const MAX_ATTEMPTS: u16 = 2;

    fn unique_key(&self) -> Option<String> {
        Some(format!("shadow:{}:{}", self.agent, self.ticket_id))
    }

    async fn run(self, run: &Run) -> Result<(), Failure> {
        run.app().read_beside(self).await.map_err(Failure::from)
    }
}

/// What a candidate made of a ticket.
pub(super) struct Candidate {
    pub reading: TriageReading,
    pub by: DecidedBy,
    pub said: super::schema::TicketAdvice,
}

impl App {
    /// Adds the job that has a candidate read this ticket, where one is configured.
    pub(crate) async fn enqueue_beside(
        &self,
        tx: &Tx,
        agent: AgentName,
        ticket_id: TicketId,
    ) -> Result<()> {
        if self.agent_settings(agent).is_some_and(|settings| settings.shadow.is_some()) {
            tx.jobs().enqueue(&self.new_job(&ReadBeside { ticket_id, agent })?).await?;
        }
        Ok(())
    }

    async fn read_beside(&self, job: ReadBeside) -> Result<()> {
        let shadow = self.agent_settings(job.agent).and_then(|settings| settings.shadow);
        let Some(shadow) = shadow else { return Ok(()) };
        let ticket = match self.store.tickets().get(job.ticket_id.into(), Visibility::All).await {
            // It was deleted in between.
            Err(StoreError::NotFound(_)) => return Ok(()),
            found => found.map_err(Error::from)?,
        };
        let categories = self.store.categories().all().await?;
        let instructions = shadow.instructions.as_deref();
        let read = self
            .candidate(job.agent, &shadow.model, instructions, &ticket, &categories, None)
            .await?;
        let Ok(candidate) = read else { return Ok(()) };
        let triage = &candidate.reading.triage;
        let decision = NewDecision {
            agent: job.agent,
            action: DecisionAction::TicketTriaged,
            ticket: Some(ticket.number),
            conversation: None,
            person: None,
            by: candidate.by,
            input_digest: digest_of(ticket.description.as_str()),
            output: json!({"category": triage.category, "priority": triage.priority,
                "title": candidate.said.title}),
            category: Some(triage.category.clone()),
            said: Some(candidate.said.category.clone()),
            confidence: Some(triage.confidence),
            evidence: json!({"reason": candidate.said.reason}),
            undo: None,
            shadow: true,
        };
        let tx = self.store.begin().await?;
        self.record_decision(&tx, decision, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What one model with these instructions would decide of a ticket; the inner error: it gave no answer.
    pub(super) async fn candidate(
        &self,
        agent: AgentName,
        model: &ModelRef,
        instructions: Option<&str>,
        ticket: &Ticket,
        categories: &[Category],
        person: Option<UserId>,
    ) -> Result<Result<Candidate, Unanswered>> {
        let Some(settings) = self.agent_settings(agent) else {
            return Ok(Err(Unanswered::new("This agent asks no language model.")));
        };
        let input = TriageInput {
            title: Some(ticket.title.as_str().to_owned()),
            text: ticket.description.as_str().to_owned(),
        };
        let exclude = Some(ticket.number);
        let ids: Vec<_> = ticket.attachments.iter().map(|file| file.id).collect();
        let files = self.store.files().read_ones(&ids).await?;
        let mut reading = self
            .read_with_files(input.clone(), &files, categories, Visibility::All, exclude)
            .await?;
        let question =
            self.question(agent, &settings, instructions, &reading, &input, categories).await?;
        let until = Instant::now() + CANDIDATE_TIME;
        let only = Some(model.clone());
        let asked = match self.ask_about_ticket(question, &input, until, person, only).await {
            Ok(Structured { value, asked }) => (value, asked),
            Err(unanswered) => return Ok(Err(unanswered)),
        };
        let (said, asked) = asked;
        let version = prompt_version(instructions.or(settings.instructions.as_deref()));
        let record = self.record_of(model, &version).await?;
        reading.vote(&said, &asked, record, self.config.triage_review_below);
        let by = DecidedBy::model(&asked, version);
        Ok(Ok(Candidate { reading, by, said }))
    }
}
