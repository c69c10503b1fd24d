//! One turn: the person said something, and the agent works on its answer.

use std::collections::HashSet;

use atc_core::{
    Caller, Ctx, Error, ErrorCode, Result,
    chat::Usage,
    conversation::{AgentAction, Message},
    id::{ConversationId, TicketNumber},
    policy::{self, Action},
    ticket::Ticket,
};
use tokio::sync::mpsc::UnboundedSender;

use super::{safety::Known, sources::Sources};
use crate::{
    App,
    agents::{Asked, DecidedBy, version_of},
};

/// What is told of an answer while it is being written.
#[derive(Debug, Clone)]
pub enum AssistantNews {
    /// Words. The whole message replaces them in the end: another model may have had to answer.
    Words(String),
    /// A tool is called; words before it were no part of the answer.
    Tool(String),
    /// Something was done, or is proposed.
    Action(Box<AgentAction>),
}

/// One turn of a conversation.
pub(super) struct Turn<'a> {
    pub app: &'a App,
    /// Who asks, as they are now.
    pub ctx: Ctx,
    pub conversation: ConversationId,
    /// Which turn it is.
    pub number: u32,
    /// The ticket that the conversation is about.
    pub subject: Option<Ticket>,
    /// Those that the agent made in this conversation.
    pub made: Vec<TicketNumber>,
    /// Whether everything is shown before it is written.
    pub confirm: bool,
    /// Everything that was said before, the person's latest message last.
    pub messages: Vec<Message>,
    /// What may be cited.
    pub sources: Sources,
    /// Which addresses an answer may show.
    pub known: Known,
    /// What was done or proposed in this turn.
    pub actions: Vec<AgentAction>,
    /// Who works on the answer, and what that took so far.
    pub by: DecidedBy,
    /// Who listens.
    pub listener: Option<&'a UnboundedSender<AssistantNews>>,
}

impl Turn<'_> {
    /// What the person said last.
    pub fn words(&self) -> &str {
        self.messages.last().map_or("", |message| message.text.as_str())
    }

    /// Tells whoever listens; nobody has to.
    pub fn tell(&self, news: AssistantNews) {
        if let Some(listener) = self.listener {
            let _ = listener.send(news);
        }
    }

    /// Looks again who the person is, and whether they may do this.
    ///
    /// # Errors
    /// When their login ended or their role became less since, or the policy says no.
    pub async fn authorize(&mut self, action: Action) -> Result<()> {
        let present: Option<Caller> = self.app.still_connected(&self.ctx.caller).await?;
        let gone = || Error::new(ErrorCode::Unauthenticated, "The login ended.");
        self.ctx.caller = present.ok_or_else(gone)?;
        policy::authorize(&self.ctx.caller, action)
    }

    /// Notes that a model answered with these instructions, and what that took.
    pub fn answered_by(&mut self, asked: &Asked, instructions: &str) {
        let by = &mut self.by;
        by.provider = asked.model.provider.to_string();
        by.model.clone_from(&asked.model.model);
        by.prompt_version = version_of(instructions);
        by.took_ms += u64::try_from(asked.took.as_millis()).unwrap_or(u64::MAX);
        by.usage += asked.usage;
        by.cost_micros = by.cost_micros.saturating_add(asked.cost_micros);
        by.degraded |= asked.degraded;
    }

    /// Whether the agent may write on this ticket: the conversation is about it, or made it.
    pub fn is_about(&self, number: TicketNumber) -> bool {
        self.subject.as_ref().is_some_and(|t| t.number == number) || self.made.contains(&number)
    }

    /// The numbers of all tickets that the agent may write on.
    pub fn writable(&self) -> HashSet<TicketNumber> {
        self.subject.iter().map(|t| t.number).chain(self.made.iter().copied()).collect()
    }
}

/// A model whose cost was counted before.
pub(super) fn author_of(provider: &str, model: &str) -> DecidedBy {
    DecidedBy {
        provider: provider.to_owned(),
        model: model.to_owned(),
        prompt_version: String::new(),
        took_ms: 0,
        usage: Usage::default(),
        cost_micros: 0,
        degraded: false,
    }
}

/// The embedded engine.
pub(super) fn embedded_author(app: &App) -> DecidedBy {
    let engine = app.engine.status();
    author_of(engine.provider, &engine.model)
}
