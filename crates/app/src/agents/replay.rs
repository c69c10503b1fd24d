//! What another model, or other instructions, would have decided of the latest tickets: a report.

use std::time::Duration;

use atc_core::{
    Ctx, Error, Result,
    agent::{AgentName, ModelRef},
    caller::Visibility,
    category::Slug,
    chat::Usage,
    id::{ReplayId, TicketNumber, TicketRef},
    job::Failure,
    page::{Page, PageRequest},
    ticket::Priority,
};
use atc_store::{ReplayPosition, StoreError, StoredReplay};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    App,
    worker::{Job, Run},
};

/// The most tickets of one report.
const MOST_TICKETS: u16 = 500;
/// How many tickets go without an answer one after the other before a report gives up.
const MOST_UNANSWERED: usize = 5;

/// What a report is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewReplay {
    /// Whose decisions.
    pub agent: AgentName,
    /// The provider of the model.
    pub provider: atc_core::agent::ProviderName,
    /// The model.
    pub model: String,
    /// Other instructions than the agent's own.
    pub instructions: Option<String>,
    /// How many of the latest tickets, at most 500.
    pub limit: u16,
}

/// A report, or the promise of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Its identity.
    pub id: ReplayId,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// What was asked for.
    pub request: NewReplay,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// What came of it; `None` while it is made.
    pub report: Option<ReplayReport>,
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReplayReport {
    /// Tickets that the candidate answered.
    pub answered: u32,
    /// Tickets that it did not answer in a usable way.
    pub unanswered: u32,
    /// Answers with the category that the ticket has now.
    pub same_category: u32,
    /// Answers with the priority that the ticket has now.
    pub same_priority: u32,
    /// Of the tickets whose category a person gave: how many the candidate named so.
    pub right: u32,
    /// How many tickets have a category that a person gave.
    pub judged: u32,
    /// Of the same tickets: how many the embedded engine would have named so by itself.
    pub engine_right: u32,
    /// What was used.
    pub input_tokens: u64,
    /// What was used.
    pub output_tokens: u64,
    /// What that cost, in millionths of the currency unit.
    pub cost_micros: u64,
    /// Why it gave up early.
    pub gave_up: Option<String>,
    /// The tickets on which candidate and ticket differ.
    pub differences: Vec<ReplayedTicket>,
}

/// A ticket on which a candidate decides otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayedTicket {
    /// Which ticket.
    pub number: TicketNumber,
    /// The category that it has.
    pub category: Slug,
    /// Whether a person gave it.
    pub by_person: bool,
    /// The category that the candidate names, after the vote.
    pub candidate: Slug,
    /// The priority that it has.
    pub priority: Priority,
    /// The priority that the candidate leads to.
    pub candidate_priority: Priority,
    /// The candidate's reason.
    pub reason: String,
}

/// Makes a report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RunReplay {
    /// Which.
    pub replay_id: ReplayId,
}

impl Job for RunReplay {
    const KIND: &'static str = "ai.replay.v1";
    const QUEUE: &'static str = "models";
    const MAX_ATTEMPTS: u16 = 2;
    const TIMEOUT: Duration = Duration::from_hours(2);

    async fn run(self, run: &Run) -> Result<(), Failure> {
        let app = run.app();
        let stored = app.store.replays().get(self.replay_id).await.map_err(Error::from)?;
        if stored.report.is_some() {
            return Ok(());
        }
        let request: NewReplay = serde_json::from_str(&stored.request).map_err(Error::internal)?;
        let report = app.replay(&request).await?;
        let report = serde_json::to_string(&report).map_err(Error::internal)?;
        let tx = app.store.begin().await.map_err(Error::from)?;
        tx.replays().finish(self.replay_id, &report, app.now()).await.map_err(Error::from)?;
        tx.commit().await.map_err(Error::from)?;
        Ok(())
    }
}

impl App {
    /// Asks for a report, which a job makes.
    ///
    /// # Errors
    /// Invalid when the agent asks no language model, or the provider is not configured.
    pub async fn start_replay(&self, ctx: &Ctx, new: NewReplay) -> Result<Replay> {
        if self.agent_settings(new.agent).is_none() {
            return Err(Error::invalid_body("/agent", "This agent asks no language model."));
        }
        if !self.agents.current().providers.contains_key(&new.provider) {
            return Err(Error::invalid_body("/provider", "There is no such provider."));
        }
        if !(1..=MOST_TICKETS).contains(&new.limit) {
            let message = format!("This is no number from 1 to {MOST_TICKETS}.");
            return Err(Error::invalid_body("/limit", message));
        }
        let stored = StoredReplay {
            id: ReplayId(self.new_id()),
            created_at: ctx.now,
            created_by: ctx.caller.user_id,
            request: serde_json::to_string(&new).map_err(Error::internal)?,
            report: None,
            finished_at: None,
        };
        let tx = self.store.begin().await?;
        tx.replays().insert(&stored).await?;
        tx.jobs().enqueue(&self.new_job(&RunReplay { replay_id: stored.id })?).await?;
        tx.commit().await?;
        self.wake(atc_core::ports::Wake::Jobs);
        read(&stored)
    }

    /// Reports, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_replays(
        &self,
        page: PageRequest<ReplayPosition>,
    ) -> Result<Page<Replay, ReplayPosition>> {
        let Page { items, next, total } = self.store.replays().list(page).await?;
        let items = items.iter().map(read).collect::<Result<_>>()?;
        Ok(Page { items, next, total })
    }

    /// One report.
    ///
    /// # Errors
    /// Not found when it is not there.
    pub async fn get_replay(&self, id: ReplayId) -> Result<Replay> {
        read(&self.store.replays().get(id).await?)
    }

    async fn replay(&self, request: &NewReplay) -> Result<ReplayReport> {
        let model = ModelRef { provider: request.provider.clone(), model: request.model.clone() };
        let categories = self.store.categories().all().await?;
        let numbers = self.store.tickets().latest_numbers(u64::from(request.limit)).await?;
        let mut report = ReplayReport::default();
        let mut without = Vec::new();
        for number in numbers {
            let reference = TicketRef::Number(number);
            let ticket = match self.store.tickets().get(reference, Visibility::All).await {
                // It was deleted in between.
                Err(StoreError::NotFound(_)) => continue,
                found => found?,
            };
            let by_person = self.store.tickets().labels_by_person(number).await?.category;
            let instructions = request.instructions.as_deref();
            let read = self
                .candidate(request.agent, &model, instructions, &ticket, &categories, None)
                .await?;
            let candidate = match read {
                Ok(candidate) => candidate,
                Err(unanswered) => {
                    report.unanswered += 1;
                    without.push(unanswered.why);
                    if without.len() == MOST_UNANSWERED {
                        report.gave_up = without.pop();
                        break;
                    }
                    continue;
                }
            };
            without.clear();
            let Usage { input_tokens, output_tokens } = candidate.by.usage;
            report.input_tokens += u64::from(input_tokens);
            report.output_tokens += u64::from(output_tokens);
            report.cost_micros += candidate.by.cost_micros;
            report.answered += 1;
            let triage = &candidate.reading.triage;
            let engine = candidate.reading.analysis.category.ranked.first();
            report.same_category += u32::from(triage.category == ticket.category);
            report.same_priority += u32::from(triage.priority == ticket.priority);
            if by_person {
                report.judged += 1;
                report.right += u32::from(triage.category == ticket.category);
                report.engine_right +=
                    u32::from(engine.is_some_and(|(slug, _)| *slug == ticket.category));
            }
            if triage.category != ticket.category || triage.priority != ticket.priority {
                report.differences.push(ReplayedTicket {
                    number,
                    category: ticket.category,
                    by_person,
                    candidate: triage.category.clone(),
                    priority: ticket.priority,
                    candidate_priority: triage.priority,
                    reason: candidate.said.reason,
                });
            }
        }
        Ok(report)
    }
}

fn read(stored: &StoredReplay) -> Result<Replay> {
    let report = stored.report.as_deref().map(serde_json::from_str).transpose();
    Ok(Replay {
        id: stored.id,
        created_at: stored.created_at,
        request: serde_json::from_str(&stored.request).map_err(Error::internal)?,
        finished_at: stored.finished_at,
        report: report.map_err(Error::internal)?,
    })
}
