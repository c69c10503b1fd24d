//! Asking the models of an agent's chain.

use std::{sync::Arc, time::Duration};

use atc_core::{
    agent::{AgentName, AgentSettings, ModelRef},
    chat::{AnswerSchema, ChatAnswer, ChatError, ChatErrorKind, ChatMessage, ChatRequest, Stop},
    chat::{ToolSpec, Usage},
    id::UserId,
    ports::Deltas,
};
use tokio::time::Instant;

use super::{budget::Spent, loaded::Loaded, redact::redacted};
use crate::App;

/// One question to the chain of an agent.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Whose chain.
    pub agent: AgentName,
    /// On whose behalf; `None`: the program's own.
    pub person: Option<UserId>,
    /// The instructions; never what others wrote.
    pub system: String,
    /// The conversation, oldest first; never empty.
    pub messages: Vec<ChatMessage>,
    /// What may be called.
    pub tools: Vec<ToolSpec>,
    /// The form of the answer.
    pub schema: Option<AnswerSchema>,
    /// When the whole task must have been answered.
    pub until: Instant,
    /// Asked instead of the agent's chain.
    pub only: Option<ModelRef>,
}

/// What the chain answered.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The answer.
    pub answer: ChatAnswer,
    /// Who gave it.
    pub model: ModelRef,
    /// Whether it was not the first of the chain.
    pub degraded: bool,
    /// How long the whole chain took.
    pub took: Duration,
    /// What all calls used, failed attempts at a form included.
    pub usage: Usage,
    /// What that cost, in millionths of the currency unit.
    pub cost_micros: u64,
}

/// Nobody in the chain answered: the embedded engine is next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Unanswered {
    /// Why, for administrators.
    pub why: String,
}

impl Unanswered {
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

/// A chain that is being asked, model after model.
pub(super) struct Chain {
    pub loaded: Arc<Loaded>,
    settings: AgentSettings,
    started: Instant,
    next: usize,
    current: Option<ModelRef>,
    failures: Vec<String>,
    usage: Usage,
    cost_micros: u64,
}

impl App {
    /// The settings of an agent that asks language models; `None`: it is the embedded engine alone.
    pub(crate) fn agent_settings(&self, agent: AgentName) -> Option<AgentSettings> {
        self.agents.current().agent(agent).cloned()
    }

    /// Asks the models of the chain in order until one answers, and keeps the budgets. Once a word was told
    /// to `deltas`, no other model is asked.
    ///
    /// # Errors
    /// When nobody answered in time, or a budget is used up.
    pub(crate) async fn ask(
        &self,
        ask: &Ask,
        mut deltas: Option<Deltas<'_>>,
    ) -> Result<Asked, Unanswered> {
        let mut chain = self.chain(ask).await?;
        while let Some(model) = chain.advance() {
            let mut told = false;
            let asked = match deltas.as_deref_mut() {
                Some(tell) => {
                    let mut noted = |words: &str| {
                        told = true;
                        tell(words);
                    };
                    self.ask_model(&mut chain, ask, &model, &ask.messages, Some(&mut noted)).await
                }
                None => self.ask_model(&mut chain, ask, &model, &ask.messages, None).await,
            };
            match asked {
                Ok(answer) if answer.stop != Stop::Refused => return Ok(chain.answered(answer)),
                Ok(_) => chain.note(&model, "it declined"),
                Err(e) => chain.note(&model, &e.detail),
            }
            if told {
                break;
            }
        }
        Err(chain.unanswered(ask.agent))
    }

    /// The chain of this question, unless a budget is used up.
    pub(super) async fn chain(&self, ask: &Ask) -> Result<Chain, Unanswered> {
        let loaded = self.agents.current();
        let Some(settings) = loaded.agent(ask.agent) else {
            return Err(Unanswered::new("No language model is configured for this agent."));
        };
        let mut settings = settings.clone();
        if let Some(only) = &ask.only {
            settings.chain = vec![only.clone()];
        }
        self.check_budgets(&loaded, &settings, ask).await?;
        Ok(Chain {
            loaded,
            settings,
            started: Instant::now(),
            next: 0,
            current: None,
            failures: Vec::new(),
            usage: Usage::default(),
            cost_micros: 0,
        })
    }

    /// Asks one model once.
    pub(super) async fn ask_model(
        &self,
        chain: &mut Chain,
        ask: &Ask,
        model: &ModelRef,
        messages: &[ChatMessage],
        deltas: Option<Deltas<'_>>,
    ) -> Result<ChatAnswer, ChatError> {
        let within = ask.until.saturating_duration_since(Instant::now());
        if within.is_zero() {
            return Err(ChatError::new(ChatErrorKind::TimedOut, "the time was up"));
        }
        let Some(connected) = chain.loaded.providers.get(&model.provider) else {
            let why = format!("there is no provider {}", model.provider);
            return Err(ChatError::new(ChatErrorKind::BadRequest, why));
        };
        let messages = messages.to_vec();
        let request = ChatRequest {
            model: model.model.clone(),
            system: ask.system.clone(),
            messages: if connected.provider.redact { redacted(messages) } else { messages },
            tools: ask.tools.clone(),
            schema: ask.schema.clone(),
            max_tokens: chain.settings.max_tokens,
            temperature: chain.settings.temperature,
        };
        let answered = match deltas {
            Some(tell) => connected.model.chat(&request, within, Some(&mut *tell)).await,
            None => connected.model.chat(&request, within, None).await,
        };
        let usage = answered.as_ref().map(|answer| answer.usage).unwrap_or_default();
        let cost_micros = chain.loaded.cost_micros(model, usage);
        chain.usage += usage;
        chain.cost_micros = chain.cost_micros.saturating_add(cost_micros);
        let failed = answered.is_err();
        self.note_usage(ask, model, Spent { usage, cost_micros, failed });
        answered
    }
}

impl Chain {
    /// The next model to ask; `None` at the end.
    pub fn advance(&mut self) -> Option<ModelRef> {
        let model = self.settings.chain.get(self.next).cloned();
        self.next += 1;
        self.current.clone_from(&model);
        model
    }

    /// Notes why a model is no answer.
    pub fn note(&mut self, model: &ModelRef, why: &str) {
        tracing::warn!(%model, %why, "a language model did not answer");
        self.failures.push(format!("{model}: {why}"));
    }

    /// What the model asked last answered.
    pub fn answered(self, answer: ChatAnswer) -> Asked {
        let first = self.settings.chain.first();
        let model = self.current.or_else(|| first.cloned());
        // A chain that answered has a model; the embedded engine's name would be a lie of no harm.
        let model = model.unwrap_or_else(|| unreachable!("a chain that answered asked a model"));
        Asked {
            answer,
            degraded: self.next > 1,
            model,
            took: self.started.elapsed(),
            usage: self.usage,
            cost_micros: self.cost_micros,
        }
    }

    /// That nobody answered.
    pub fn unanswered(self, agent: AgentName) -> Unanswered {
        metrics::counter!("agent_fallbacks_total", "agent" => agent.as_str()).increment(1);
        Unanswered::new(self.failures.join("; "))
    }
}
