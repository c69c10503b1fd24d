//! Working on an answer: a model with tools, within bounds; else the embedded engine.

use std::time::Duration;

use atc_core::{
    Result,
    agent::{AgentName, AgentSettings},
    chat::{ChatAnswer, ChatMessage, Stop, ToolCall},
    conversation::Author,
};
use tokio::time::Instant;

use super::{
    Answer, history, prompt,
    safety::{Cleaner, clean},
    tools::{Toolbox, data},
    turn::{AssistantNews, Turn},
};
use crate::{
    agents::{Ask, Asked, Unanswered},
    assistant::tools,
};

/// The most calls of one answer of a model; more are not run.
const MOST_CALLS: usize = 8;
/// The most characters of all results of tools in one turn.
const MOST_RESULTS_CHARS: usize = 60_000;

impl Turn<'_> {
    /// Answers what the person said, within this time and the agent's own.
    pub(super) async fn answer(&mut self, within: Duration) -> Result<Answer> {
        let Some(settings) = self.app.agent_settings(AgentName::CustomerSupport) else {
            return self.answer_embedded(false).await;
        };
        match self.answer_with_model(&settings, within).await? {
            Ok(answer) => Ok(answer),
            Err(Unanswered { why }) => {
                tracing::warn!(%why, "the embedded engine answers for the assistant");
                self.answer_embedded(true).await
            }
        }
    }

    async fn answer_with_model(
        &mut self,
        settings: &AgentSettings,
        within: Duration,
    ) -> Result<Result<Answer, Unanswered>> {
        let until = Instant::now() + settings.deadline.min(within);
        let toolbox = Toolbox::of(self, settings.tools.as_deref()).await;
        let mut ask = self.question(settings, until).await?;
        let mut room = MOST_RESULTS_CHARS;
        let mut degraded = false;
        for step in 0..=settings.max_steps {
            // The last one may only speak.
            let may_call = step < settings.max_steps && room > 0;
            ask.tools = if may_call { toolbox.specs() } else { Vec::new() };
            let asked = match self.ask(&ask).await {
                Ok(asked) => asked,
                Err(unanswered) => return Ok(Err(unanswered)),
            };
            degraded |= asked.degraded;
            self.answered_by(&asked, &ask.system);
            let ChatAnswer { text, calls, stop, .. } = asked.answer;
            if calls.is_empty() || !may_call {
                return Ok(self.finished(&text, stop, degraded));
            }
            ask.messages.push(ChatMessage::Model { text, calls: calls.clone() });
            self.run(&toolbox, &mut ask.messages, &calls, &mut room).await;
        }
        Ok(Err(Unanswered::new("It went on calling tools.")))
    }

    /// The conversation, as it is put to a model.
    async fn question(&mut self, settings: &AgentSettings, until: Instant) -> Result<Ask> {
        let system = prompt::system(self, settings.instructions.as_deref());
        let mut messages = history::told(&self.messages, self.app.config.assistant.history_tokens);
        if let Some(ticket) = self.subject.clone() {
            let text = tools::whole_ticket(self, &ticket).await?;
            let about = data(self, "ticket", &text);
            if let Some(ChatMessage::User(words)) = messages.last_mut() {
                words.push_str("\n\n");
                words.push_str(&about);
            }
        }
        Ok(Ask {
            agent: AgentName::CustomerSupport,
            person: Some(self.ctx.caller.user_id),
            system,
            messages,
            tools: Vec::new(),
            schema: None,
            until,
            only: None,
        })
    }

    /// Asks once; words are told as they come, cleaned like the whole.
    async fn ask(&self, ask: &Ask) -> Result<Asked, Unanswered> {
        if self.listener.is_none() {
            return self.app.ask(ask, None).await;
        }
        let mut cleaner = Cleaner::new(&self.known, &self.sources);
        let mut tell = |words: &str| {
            let clean = cleaner.push(words);
            if !clean.is_empty() {
                self.tell(AssistantNews::Words(clean));
            }
        };
        let asked = self.app.ask(ask, Some(&mut tell)).await;
        let (rest, _) = cleaner.finish();
        if !rest.is_empty() {
            self.tell(AssistantNews::Words(rest));
        }
        asked
    }

    async fn run(
        &mut self,
        toolbox: &Toolbox,
        messages: &mut Vec<ChatMessage>,
        calls: &[ToolCall],
        room: &mut usize,
    ) {
        for (at, call) in calls.iter().enumerate() {
            let text = if at < MOST_CALLS && *room > 0 {
                toolbox.run(self, call).await
            } else {
                "Not done: too many calls at once.".to_owned()
            };
            *room = room.saturating_sub(text.chars().count());
            messages.push(ChatMessage::ToolResult { call_id: call.id.clone(), text });
        }
    }

    /// What a model said in the end, as people get it; nothing to speak of counts as no answer.
    fn finished(&self, text: &str, stop: Stop, degraded: bool) -> Result<Answer, Unanswered> {
        let (mut text, cited) = clean(text, &self.known, &self.sources);
        if text.is_empty() {
            return Err(Unanswered::new("It said nothing."));
        }
        if stop == Stop::Length {
            text.push('…');
        }
        let citations = self.sources.named(&cited);
        let author =
            Author { provider: self.by.provider.clone(), model: self.by.model.clone(), degraded };
        Ok(Answer { text, citations, asks: None, author })
    }
}
