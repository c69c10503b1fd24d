//! The customer support agent that people talk with: a bounded loop of tools with the rights of the person,
//! and the embedded engine where no language model is, or none answers.

mod actions;
mod answer;
mod conversations;
mod deed;
mod embedded;
mod history;
mod open;
mod prompt;
mod safety;
mod sources;
mod tools;
mod turn;

use std::{sync::Arc, time::Duration};

use atc_core::{
    Ctx, Error, Result,
    conversation::{Asks, Author, Citation, Message, Speaker},
    id::{ConversationId, MessageId, TicketId},
    idempotency::{Outcome, Remember},
    text::PlainText,
};
use atc_store::{NewMessage, Owner};
use tokio::sync::mpsc::UnboundedSender;

use crate::App;
pub use tools::assistant_tools;
pub use turn::AssistantNews;
use turn::Turn;

/// Bounds of conversations.
#[derive(Debug, Clone, Copy)]
pub struct AssistantBounds {
    /// For how many days a conversation is kept in which nothing is said; 0: for ever.
    pub kept_days: u32,
    /// How many conversations a person has; the one that was used least recently makes room.
    pub most_conversations: u32,
    /// How many messages a conversation has, of both sides.
    pub most_messages: u32,
    /// About how many tokens of what was said before a model is told.
    pub history_tokens: u32,
}

/// What a person says to the agent.
#[derive(Debug, Clone)]
pub struct Saying {
    /// The words.
    pub text: PlainText,
    /// In which conversation; a new one where none is named.
    pub conversation: Option<ConversationId>,
    /// The ticket that the conversation is about from now on.
    pub ticket: Option<TicketId>,
    /// Whether everything is shown before it is written.
    pub confirm: bool,
    /// How long the answer may take at most.
    pub within: Duration,
}

/// What the agent answered.
#[derive(Debug, Clone, PartialEq)]
pub struct AssistantReply {
    /// In which conversation.
    pub conversation: ConversationId,
    /// The answer.
    pub message: Message,
}

/// An answer before it is written down.
struct Answer {
    text: String,
    citations: Vec<Citation>,
    asks: Option<Asks>,
    author: Author,
}

/// Whose conversations a caller sees.
fn owner(ctx: &Ctx) -> Owner {
    Owner { id: ctx.caller.user_id, staff: ctx.caller.is_staff() }
}

impl App {
    /// Answers a person. Whoever drops the future ends the work on the answer, the call of a model included;
    /// what was written until then stays.
    ///
    /// # Errors
    /// Invalid when conversation or ticket are not there or not visible; a conflict while another answer of
    /// the conversation is being written, or when it is full; rate-limited when too many are. A model that
    /// does not answer is no error: the embedded engine answers then.
    pub async fn say_to_assistant(
        self: &Arc<Self>,
        ctx: &Ctx,
        saying: Saying,
        remember: Option<Remember<'_, AssistantReply>>,
        listener: Option<&UnboundedSender<AssistantNews>>,
    ) -> Result<Outcome<AssistantReply>> {
        if let Some(remember) = &remember
            && let Some(answer) = self.kept_answer(&remember.key, ctx.now).await?
        {
            return Ok(Outcome::Replayed(answer));
        }
        let key = remember.as_ref().map(|remember| open::turn_key(&remember.key));
        let opened = self.open_turn(ctx, &saying, key.as_deref()).await?;
        let guard = open::Guard::new(self, opened.conversation, opened.turn);
        let mut turn = self.turn(ctx, &saying, opened, listener).await?;
        let answer = turn.answer(saying.within).await?;
        let outcome = self.close_turn(&turn, answer, remember).await?;
        guard.disarm();
        Ok(outcome)
    }

    /// Writes the answer down and ends the turn, both with the answer that is kept for a repeat.
    async fn close_turn(
        &self,
        turn: &Turn<'_>,
        answer: Answer,
        remember: Option<Remember<'_, AssistantReply>>,
    ) -> Result<Outcome<AssistantReply>> {
        let now = self.now();
        let message = Message {
            id: MessageId(self.new_id()),
            turn: turn.number,
            speaker: Speaker::Assistant,
            text: answer.text,
            citations: answer.citations,
            actions: turn.actions.clone(),
            author: Some(answer.author),
            asks: answer.asks,
            created_at: now,
        };
        let conversation = turn.conversation;
        self.create_once(remember, now, async |tx| {
            if !tx.conversations().end_turn(conversation, message.turn, now).await? {
                return Err(Error::not_found("conversation"));
            }
            let new = NewMessage {
                id: message.id,
                turn: message.turn,
                speaker: message.speaker,
                text: &message.text,
                citations: &message.citations,
                asks: message.asks,
                author: message.author.as_ref(),
                created_at: now,
            };
            tx.conversations().insert_message(conversation, &new).await?;
            Ok(AssistantReply { conversation, message })
        })
        .await
    }
}
