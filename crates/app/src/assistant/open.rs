//! Beginning a turn: the conversation is found or begun, what the person said is written down, and nobody
//! else works on an answer there.

use std::sync::Arc;

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    conversation::{Conversation, Speaker},
    error::Faults,
    id::{ConversationId, MessageId, TicketRef},
    idempotency::IdempotencyKey,
    ticket::Ticket,
};
use atc_store::{NewConversation, NewMessage, OpenTurn, StoreError, TurnStart};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    Saying, owner,
    safety::Known,
    sources::Sources,
    turn::{AssistantNews, Turn},
};
use crate::{App, assistant::turn::embedded_author};

/// How many answers are written for one person at the same time.
const MOST_TURNS: u64 = 4;
/// How much longer than its answer a turn may take, before it counts as given up.
const GRACE: TimeDelta = TimeDelta::seconds(15);
/// The most characters of a conversation's title.
const TITLE_CHARS: usize = 80;

/// A turn that was begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    pub conversation: ConversationId,
    pub turn: u32,
}

impl App {
    /// Begins a turn, or takes up the one that a lost process began for the same request.
    pub(super) async fn open_turn(
        &self,
        ctx: &Ctx,
        saying: &Saying,
        key: Option<&str>,
    ) -> Result<Opened> {
        let within = TimeDelta::from_std(saying.within).unwrap_or(TimeDelta::minutes(10));
        let now = self.now();
        let as_staff = ctx.caller.is_staff();
        let start = TurnStart { ticket: None, as_staff, key, until: now + within + GRACE, now };
        if let Some(key) = key
            && let Some(open) =
                self.store.conversations().open_turn(ctx.caller.user_id, key).await?
        {
            return self.take_up(&open, &start).await;
        }
        let under_way = self.store.conversations().turns_under_way(ctx.caller.user_id, now).await?;
        if under_way >= MOST_TURNS {
            let detail = format!("{MOST_TURNS} answers are being written for you; wait for one.");
            let error = Error::new(ErrorCode::RateLimited, detail);
            return Err(Error { retry_after_s: Some(2), ..error });
        }
        let (before, ticket) = self.check_saying(ctx, saying).await?;
        if let Some(before) = &before {
            self.check_length(before)?;
        }
        let start = TurnStart { ticket: ticket.map(|t| t.number), ..start };
        self.begin_turn(ctx, saying, before.map(|c| c.id), &start).await
    }

    async fn take_up(&self, open: &OpenTurn, start: &TurnStart<'_>) -> Result<Opened> {
        if open.until > start.now {
            return Err(under_way());
        }
        let tx = self.store.begin().await?;
        if !tx.conversations().take_up_turn(open, start).await? {
            return Err(under_way());
        }
        tx.commit().await?;
        Ok(Opened { conversation: open.conversation, turn: open.turn })
    }

    /// What a message refers to: a conversation and a ticket that the caller may see, which fit.
    async fn check_saying(
        &self,
        ctx: &Ctx,
        saying: &Saying,
    ) -> Result<(Option<Conversation>, Option<Ticket>)> {
        let mut faults = Faults::new();
        let found = match saying.conversation {
            Some(id) => match self.store.conversations().get(owner(ctx), id).await {
                Err(StoreError::NotFound(_)) => {
                    faults.body("/conversation_id", NOT_THERE);
                    None
                }
                found => Some(found?),
            },
            None => None,
        };
        let about = match saying.ticket {
            Some(id) => {
                let visibility = ctx.caller.visibility();
                let ticket = self.store.tickets().find(TicketRef::Id(id), visibility).await?;
                if ticket.is_none() {
                    faults.body("/ticket_id", NOT_THERE);
                }
                ticket
            }
            None => None,
        };
        let other = |c: &Conversation| {
            c.ticket.as_ref().is_some_and(|t| saying.ticket.is_some_and(|id| id != t.id))
        };
        if found.as_ref().is_some_and(other) {
            let detail = "This conversation is about another ticket; begin a new one.";
            faults.body("/ticket_id", detail);
        }
        faults.finish(Some((found, about)))
    }

    fn check_length(&self, conversation: &Conversation) -> Result<()> {
        let most = self.config.assistant.most_messages;
        if conversation.turns.saturating_mul(2) >= most {
            return Err(Error::conflict(format!(
                "A conversation has at most {most} messages; begin a new one."
            )));
        }
        Ok(())
    }

    async fn begin_turn(
        &self,
        ctx: &Ctx,
        saying: &Saying,
        conversation: Option<ConversationId>,
        start: &TurnStart<'_>,
    ) -> Result<Opened> {
        let person = ctx.caller.user_id;
        let tx = self.store.begin().await?;
        let conversations = tx.conversations();
        let id = conversation.unwrap_or_else(|| ConversationId(self.new_id()));
        if conversation.is_none() {
            let room = self.config.assistant.most_conversations.saturating_sub(1);
            conversations.keep_latest(person, room).await?;
            let title = title(saying.text.as_str());
            let new = NewConversation { id, owner: person, title: &title };
            conversations.insert(&new, start.now).await?;
        }
        let turn = match conversations.start_turn(id, start).await {
            Ok(Some(turn)) => turn,
            Ok(None) => {
                return Err(Error::conflict(
                    "An answer of this conversation is being written; wait for it.",
                ));
            }
            // Of two requests with the same key, the other was faster.
            Err(StoreError::Taken(_)) => return Err(under_way()),
            Err(e) => return Err(e.into()),
        };
        let message = NewMessage {
            id: MessageId(self.new_id()),
            turn,
            speaker: Speaker::Person,
            text: saying.text.as_str(),
            citations: &[],
            asks: None,
            author: None,
            created_at: start.now,
        };
        conversations.insert_message(id, &message).await?;
        tx.commit().await?;
        Ok(Opened { conversation: id, turn })
    }

    /// Everything that a turn works with.
    pub(super) async fn turn<'a>(
        &'a self,
        ctx: &Ctx,
        saying: &Saying,
        opened: Opened,
        listener: Option<&'a UnboundedSender<AssistantNews>>,
    ) -> Result<Turn<'a>> {
        let conversations = self.store.conversations();
        let conversation = conversations.get(owner(ctx), opened.conversation).await?;
        let messages = self.messages_seen(ctx, opened.conversation).await?;
        let subject = match &conversation.ticket {
            Some(ticket) => Some(self.get_ticket(ctx, TicketRef::Id(ticket.id)).await?),
            None => None,
        };
        let mut known = Known::default();
        for message in &messages {
            match message.speaker {
                Speaker::Person => known.trust(&message.text),
                Speaker::Assistant => known.hear(&message.text),
            }
        }
        Ok(Turn {
            app: self,
            ctx: ctx.clone(),
            conversation: opened.conversation,
            number: opened.turn,
            subject,
            made: conversations.made_tickets(opened.conversation).await?,
            confirm: saying.confirm,
            sources: Sources::of(&messages),
            messages,
            known,
            actions: Vec::new(),
            by: embedded_author(self),
            listener,
        })
    }
}

fn under_way() -> Error {
    Error::unavailable("The same request is under way; try again.", 1)
}

const NOT_THERE: &str = "There is no such thing, or you may not see it.";

/// By which the same request is known while its turn is open.
pub(super) fn turn_key(key: &IdempotencyKey) -> String {
    let whole = [key.fingerprint.as_slice(), key.key.as_bytes()].concat();
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &whole))
}

/// The beginning of a text on one line.
fn title(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible: String = line.chars().filter(|c| !c.is_control()).collect();
    match visible.char_indices().nth(TITLE_CHARS) {
        Some((end, _)) => format!("{}…", visible[..end].trim_end()),
        None => visible,
    }
}

/// Lets the next turn start where this one ends without an answer: its client left, or something failed.
pub(super) struct Guard {
    app: Option<Arc<App>>,
    conversation: ConversationId,
    turn: u32,
}

impl Guard {
    pub fn new(app: &Arc<App>, conversation: ConversationId, turn: u32) -> Self {
        Self { app: Some(Arc::clone(app)), conversation, turn }
    }

    /// The turn was ended as it should.
    pub fn disarm(mut self) {
        self.app = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(app) = self.app.take() else { return };
        let (conversation, turn) = (self.conversation, self.turn);
        let tasks = app.tasks().clone();
        tasks.spawn(async move {
            let given_up = async {
                let tx = app.store.begin().await?;
                tx.conversations().give_up_turn(conversation, turn, app.now()).await?;
                tx.commit().await
            };
            if let Err(e) = given_up.await {
                tracing::warn!(
                    error = &e as &dyn std::error::Error,
                    "a turn stays open until its time is over"
                );
            }
        });
    }
}
