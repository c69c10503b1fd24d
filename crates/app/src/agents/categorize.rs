//! What a language model says of a ticket, joined with what the embedded engine says.

use std::{fmt::Write as _, sync::PoisonError, time::Duration};

use atc_core::{
    Result,
    agent::{AgentName, AgentSettings, ModelRef},
    category::{Category, Slug},
    chat::ChatMessage,
    id::{TeamId, UserId},
    ports::TriageInput,
    team::Team,
    text::{Tag, Title},
    triage::{Alternative, Triage},
};
use atc_store::ModelRecord;
use tokio::time::Instant;

use super::{
    ask::{Ask, Asked, Unanswered},
    prompt::{FENCE_RULE, fenced, version_of},
    schema::{TicketAdvice, TicketForm},
    structured::Structured,
    vote::{combine, reliability},
};
use crate::{App, triage::TriageReading};

/// What the agent that reads tickets is told.
const INSTRUCTIONS: &str = "You read tickets of a help desk and say what each is about. Answer with one JSON \
object of the given form. \
title: one clear line, at most 100 characters, that names the problem. \
category: the slug of the category that fits best. \
priority: low for questions and wishes, medium for what hinders one person, high for what stops one person or \
hinders many, critical for outages, data loss and security incidents. \
team: the team whose name clearly fits, else null. \
tags: up to five short words for what the ticket names, such as products, error codes and order numbers. \
summary: what happened, what was expected, what was tried; only what the text says, in two or three sentences. \
suggested_reply: an answer to the person built only from the articles that are given, naming the article; null \
where none of them helps. \
reason: one sentence that says which words decided category and priority. \
Write title, summary and suggested_reply in the language of the ticket. Invent nothing.";

/// How much of a text a model is given.
const MOST_CHARS: usize = 16_000;
/// From how many decisions that people settled a model's record is taken at most; the newest count.
const RECORD_LIMIT: u64 = 2_000;
/// How long a record serves before it is looked up again.
const RECORD_AGE: Duration = Duration::from_mins(1);
/// Texts shorter than this do not tell their language.
const TELLING_CHARS: usize = 60;
/// How many of the tags in use a model is told of.
const MOST_KNOWN_TAGS: usize = 40;

/// What an agent reads a text for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// To make a ticket of it: the customer support agent's.
    Draft,
    /// To say what it is: the categorization agent's.
    Triage,
}

impl Task {
    /// Whose it is.
    pub const fn agent(self) -> AgentName {
        match self {
            Self::Draft => AgentName::CustomerSupport,
            Self::Triage => AgentName::Categorization,
        }
    }
}

/// What a language model added to a reading.
#[derive(Debug, Clone)]
pub(crate) struct Advice {
    /// Whose chain was asked.
    pub agent: AgentName,
    /// What it said, before the vote; `None`: nobody answered.
    pub said: Option<TicketAdvice>,
    /// Who answered and what that took.
    pub asked: Option<Asked>,
    /// What the engine said, before the vote.
    pub engine: Slug,
    /// Which instructions it had.
    pub prompt_version: String,
    /// Why nobody answered, for administrators.
    pub why: Option<String>,
}

impl Advice {
    /// The title that the model found.
    pub fn title(&self) -> Option<&Title> {
        self.said.as_ref().map(|said| &said.title)
    }

    /// The team that the model named.
    pub fn team(&self) -> Option<TeamId> {
        self.said.as_ref().and_then(|said| said.team)
    }

    /// Sentences for the rationale.
    pub fn sentences(&self) -> Vec<String> {
        let Some((said, asked)) = self.said.as_ref().zip(self.asked.as_ref()) else {
            return vec![
                "The language model did not answer: the embedded engine decided.".to_owned(),
            ];
        };
        let mut sentences =
            vec![format!("The language model {} says: {}", asked.model, said.reason)];
        if said.category != self.engine {
            sentences
                .push(format!("It names {}, the embedded engine {}.", said.category, self.engine));
        }
        sentences
    }
}

impl App {
    /// Asks the agent of this task, where it has a language model, and joins what it says with the reading.
    /// Where nobody answers in time, the reading stays as the embedded engine made it, and says so.
    ///
    /// # Errors
    /// Only when the database fails.
    pub(crate) async fn advise(
        &self,
        reading: &mut TriageReading,
        input: &TriageInput,
        categories: &[Category],
        task: Task,
        person: Option<UserId>,
    ) -> Result<()> {
        let Some(settings) = self.agent_settings(task.agent()) else { return Ok(()) };
        let version = prompt_version(settings.instructions.as_deref());
        let question =
            self.question(task.agent(), &settings, None, reading, input, categories).await?;
        let until = Instant::now() + settings.deadline;
        let engine = reading.triage.category.clone();
        let answered = self.ask_about_ticket(question, input, until, person, None).await;
        let advice = match answered {
            Ok(Structured { value, asked }) => {
                let record = self.record_of(&asked.model, &version).await?;
                reading.vote(&value, &asked, record, self.config.triage_review_below);
                Advice {
                    agent: task.agent(),
                    said: Some(value),
                    asked: Some(asked),
                    engine,
                    prompt_version: version,
                    why: None,
                }
            }
            Err(Unanswered { why }) => {
                reading.triage.degraded = true;
                Advice {
                    agent: task.agent(),
                    said: None,
                    asked: None,
                    engine,
                    prompt_version: version,
                    why: Some(why),
                }
            }
        };
        reading.set_advice(advice);
        Ok(())
    }

    /// What a model is asked about a text. `instructions` come in place of the agent's own.
    pub(super) async fn question(
        &self,
        agent: AgentName,
        settings: &AgentSettings,
        instructions: Option<&str>,
        reading: &TriageReading,
        input: &TriageInput,
        categories: &[Category],
    ) -> Result<Question> {
        let teams = self.store.teams().list(None, u64::from(u8::MAX)).await?;
        // Those of articles, which staff wrote and everybody may see.
        let tags = self.store.articles().common_tags(MOST_KNOWN_TAGS).await?;
        let instructions = instructions.or(settings.instructions.as_deref());
        let system = system(categories, &teams, &tags, instructions);
        let entropy = self.entropy.as_ref();
        let mut text = String::new();
        if let Some(title) = &input.title {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{title}\n");
        }
        text.extend(input.text.chars().take(MOST_CHARS));
        let mut message = fenced(entropy, "ticket", &text);
        for article in &reading.triage.articles {
            let passage = format!("{}\n\n{}", article.title, article.snippet);
            message.push('\n');
            message.push_str(&fenced(entropy, "article", &passage));
        }
        let form = TicketForm::new(categories, teams, settings.max_tokens)?;
        Ok(Question { agent, system, message, form })
    }

    /// Asks, and takes only an answer that is legal and in the language of the text.
    pub(super) async fn ask_about_ticket(
        &self,
        question: Question,
        input: &TriageInput,
        until: Instant,
        person: Option<UserId>,
        only: Option<ModelRef>,
    ) -> Result<Structured<TicketAdvice>, Unanswered> {
        let Question { agent, system, message, form } = question;
        let ask = Ask {
            agent,
            person,
            system,
            messages: vec![ChatMessage::User(message)],
            tools: Vec::new(),
            schema: Some(form.asked.clone()),
            until,
            only,
        };
        let language = self.engine.language(&input.text);
        self.ask_structured(&ask, |answer| {
            let advice = form.read(answer)?;
            let told = advice.summary.chars().count() >= TELLING_CHARS;
            let found = told.then(|| self.engine.language(&advice.summary)).flatten();
            match (&language, found) {
                (Some(wanted), Some(found)) if *wanted != found => Err(format!(
                    "title and summary must be in the language of the ticket ({wanted})"
                )),
                _ => Ok(advice),
            }
        })
        .await
    }

    /// How often the word of a model with these instructions stood; looked up once a minute.
    pub(super) async fn record_of(&self, model: &ModelRef, version: &str) -> Result<ModelRecord> {
        let key = (model.clone(), version.to_owned());
        let now = Instant::now();
        {
            let known = self.model_records.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((record, at)) = known.get(&key)
                && now.saturating_duration_since(*at) < RECORD_AGE
            {
                return Ok(*record);
            }
        }
        let record = self.store.decisions().record_of(model, version, RECORD_LIMIT).await?;
        let mut known = self.model_records.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| now.saturating_duration_since(*at) < RECORD_AGE);
        known.insert(key, (record, now));
        Ok(record)
    }
}

/// What a model is asked about a text, and the form of its answer.
pub(super) struct Question {
    agent: AgentName,
    system: String,
    message: String,
    form: TicketForm,
}

impl TriageReading {
    /// Joins the word of a language model with the engine's: see [`super::vote`]. A model may raise the
    /// priority but not lower it: what a text says of itself must not talk a ticket down.
    pub(super) fn vote(
        &mut self,
        said: &TicketAdvice,
        asked: &Asked,
        record: ModelRecord,
        review_below: f64,
    ) {
        let engine = self.triage.category.clone();
        let both = combine(&self.analysis.category.ranked, &said.category, reliability(record));
        let triage: &mut Triage = &mut self.triage;
        let others = triage.alternatives.len();
        if let Some((category, confidence)) = both.first() {
            triage.category = category.clone();
            triage.confidence = rounded(*confidence);
        }
        triage.alternatives = both
            .iter()
            .skip(1)
            .take(others)
            .map(|(category, p)| Alternative {
                category: category.clone(),
                confidence: rounded(*p),
            })
            .collect();
        triage.needs_review = triage.confidence < review_below || said.category != engine;
        triage.priority = triage.priority.max(said.priority);
        for tag in &said.tags {
            let tag = tag.as_str();
            if !triage.tags.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
                triage.tags.push(tag.to_owned());
            }
        }
        triage.summary.clone_from(&said.summary);
        if said.suggested_reply.is_some() && !triage.articles.is_empty() {
            triage.suggested_reply.clone_from(&said.suggested_reply);
        }
        triage.provider = asked.model.provider.to_string();
        triage.model.clone_from(&asked.model.model);
        triage.degraded = asked.degraded;
        triage.took_ms += u64::try_from(asked.took.as_millis()).unwrap_or(u64::MAX);
    }
}

/// Which instructions: the same for the same words of ours and of the administrator.
pub(super) fn prompt_version(instructions: Option<&str>) -> String {
    version_of(&format!("{INSTRUCTIONS}\n{FENCE_RULE}\n{}", instructions.unwrap_or_default()))
}

fn system(
    categories: &[Category],
    teams: &[Team],
    tags: &[Tag],
    instructions: Option<&str>,
) -> String {
    let mut text = format!("{INSTRUCTIONS}\n\n{FENCE_RULE}\n\nCategories:\n");
    for category in categories {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "- {}: {}. {}", category.slug, category.name, category.description);
    }
    if !teams.is_empty() {
        let names: Vec<_> = teams.iter().map(|team| team.name.as_str()).collect();
        let _ = writeln!(text, "\nTeams: {}", names.join(", "));
    }
    if !tags.is_empty() {
        let tags: Vec<_> = tags.iter().map(Tag::as_str).collect();
        let _ = writeln!(text, "\nTags in use: {}", tags.join(", "));
    }
    if let Some(instructions) = instructions {
        let _ = writeln!(text, "\n{instructions}");
    }
    text
}

/// Four decimals are more than any of these figures is worth.
fn rounded(x: f64) -> f64 {
    (x * 10_000.0).round() / 10_000.0
}
