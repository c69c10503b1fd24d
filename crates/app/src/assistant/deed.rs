//! Writing what the agent wants: the ticket or comment, the action and its row in the ledger are one
//! transaction.

use atc_core::{
    Ctx, Error, Result,
    agent::AgentName,
    comment::{Comment, NewComment},
    conversation::{ActionDraft, ActionState, AgentAction, NamedTicket},
    decision::{DecisionAction, Undo},
    id::{AgentActionId, ConversationId, TicketNumber, TicketRef},
    idempotency::{IdempotencyKey, Outcome, Remember, StoredAnswer},
    policy,
    text::{PlainText, Title},
    ticket::Ticket,
};
use atc_store::{NewAction, StoredAction, Tx};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::actions::Wanted;
use crate::{
    App,
    agents::{DecidedBy, NewDecision, digest_of},
};

/// Where an action comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    /// It is done as it comes up.
    New {
        /// In which turn.
        turn: u32,
        /// Which one of that turn.
        place: u32,
    },
    /// The person approved it.
    Approved,
}

/// An action that is being carried out.
pub(super) struct Deed<'a> {
    pub id: AgentActionId,
    pub conversation: ConversationId,
    pub origin: Origin,
    pub by: &'a DecidedBy,
    /// What the agent went by.
    pub read: &'a str,
}

impl App {
    /// Writes what the agent wants, as the person.
    pub(super) async fn carry_out(
        &self,
        ctx: &Ctx,
        deed: &Deed<'_>,
        wanted: Wanted,
    ) -> Result<AgentAction> {
        policy::authorize(&ctx.caller, wanted.action())?;
        match wanted {
            Wanted::Ticket { title, text } => self.make_ticket(ctx, deed, title, text).await,
            Wanted::Comment { ticket, body, internal } => {
                self.write_comment(ctx, deed, &ticket, NewComment { body, internal }).await
            }
        }
    }

    async fn make_ticket(
        &self,
        ctx: &Ctx,
        deed: &Deed<'_>,
        title: Option<Title>,
        text: PlainText,
    ) -> Result<AgentAction> {
        let draft_of = |ticket: &Ticket| ActionDraft::CreateTicket {
            title: ticket.title.as_str().to_owned(),
            description: ticket.description.as_str().to_owned(),
            category: ticket.category.as_str().to_owned(),
            priority: ticket.priority,
        };
        let remember = remember(ctx, deed, |ticket: &Ticket| ticket.number);
        let settle = async |tx: &Tx, ticket: &Ticket| {
            let output = json!({"number": ticket.number, "title": ticket.title.as_str()});
            let decision = decision(
                ctx,
                deed,
                DecisionAction::TicketCreated,
                ticket.number,
                output,
                Undo::CancelTicket,
            );
            self.settle_deed(tx, deed, draft_of(ticket), ticket, decision).await
        };
        let words = Wanted::words(&text);
        match self.create_ticket_for_agent(ctx, words, title, remember, settle).await? {
            Outcome::Created(ticket) => Ok(self.done(deed, draft_of(&ticket), &ticket)),
            Outcome::Replayed(answer) => {
                let ticket = self.get_ticket(ctx, replayed(&answer)?).await?;
                self.done_before(deed, draft_of(&ticket), &ticket).await
            }
        }
    }

    async fn write_comment(
        &self,
        ctx: &Ctx,
        deed: &Deed<'_>,
        ticket: &Ticket,
        new: NewComment,
    ) -> Result<AgentAction> {
        let draft =
            ActionDraft::AddComment { body: new.body.as_str().to_owned(), internal: new.internal };
        let remember = remember(ctx, deed, |_: &Comment| ticket.number);
        let settle = async |tx: &Tx, comment: &Comment| {
            let output = json!({
                "comment_id": comment.id, "body": comment.body.as_str(), "internal": comment.internal,
            });
            let undo = Undo::DeleteComment { comment_id: comment.id.0 };
            let decision =
                decision(ctx, deed, DecisionAction::CommentAdded, ticket.number, output, undo);
            self.settle_deed(tx, deed, draft.clone(), ticket, decision).await
        };
        let reference = TicketRef::Number(ticket.number);
        match self.create_comment_and(ctx, reference, new, remember, settle).await? {
            Outcome::Created(_) => Ok(self.done(deed, draft.clone(), ticket)),
            Outcome::Replayed(_) => self.done_before(deed, draft.clone(), ticket).await,
        }
    }

    /// Writes down, with what was written, that it was.
    async fn settle_deed(
        &self,
        tx: &Tx,
        deed: &Deed<'_>,
        draft: ActionDraft,
        ticket: &Ticket,
        decision: NewDecision,
    ) -> Result<()> {
        let action = self.done(deed, draft, ticket);
        match deed.origin {
            Origin::New { turn, place } => {
                let new = NewAction {
                    action: &action,
                    ticket: Some(ticket.number),
                    turn,
                    place,
                    provider: &deed.by.provider,
                    model: &deed.by.model,
                };
                tx.conversations().insert_action(deed.conversation, &new).await?;
            }
            Origin::Approved => {
                let (from, to) = (ActionState::Proposed, ActionState::Done);
                let number = Some(ticket.number);
                let moved = tx
                    .conversations()
                    .move_action(deed.id, from, to, number, None, self.now())
                    .await?;
                if !moved {
                    return Err(Error::conflict("This was decided in the meantime."));
                }
            }
        }
        self.record_decision(tx, decision, self.now()).await?;
        Ok(())
    }

    fn done(&self, deed: &Deed<'_>, draft: ActionDraft, ticket: &Ticket) -> AgentAction {
        let now = self.now();
        AgentAction {
            id: deed.id,
            state: ActionState::Done,
            draft,
            ticket: Some(named(ticket)),
            detail: None,
            created_at: now,
            settled_at: Some(now),
        }
    }

    /// The action of a turn that was taken up again after its process died.
    async fn done_before(
        &self,
        deed: &Deed<'_>,
        draft: ActionDraft,
        ticket: &Ticket,
    ) -> Result<AgentAction> {
        let Origin::New { turn, .. } = deed.origin else {
            return Ok(self.done(deed, draft, ticket));
        };
        let before = self.store.conversations().actions(deed.conversation).await?;
        let same = |stored: &StoredAction| {
            let about = stored.action.ticket.as_ref().map(|t| t.number);
            stored.turn == turn
                && about == Some(ticket.number)
                && stored.action.draft.kind() == draft.kind()
        };
        let found = before.into_iter().find(same).map(|stored| stored.action);
        Ok(found.unwrap_or_else(|| self.done(deed, draft, ticket)))
    }
}

pub(super) fn named(ticket: &Ticket) -> NamedTicket {
    NamedTicket { id: ticket.id, number: ticket.number, title: ticket.title.as_str().to_owned() }
}
/// Has a write of a turn happen once, also when the turn is taken up after its process died.
fn remember<'a, T: 'a>(
    ctx: &Ctx,
    deed: &Deed<'_>,
    number: impl Fn(&T) -> TicketNumber + Send + Sync + 'a,
) -> Option<Remember<'a, T>> {
    let Origin::New { turn, place } = deed.origin else { return None };
    let name = format!("assistant {} {turn} {place}", deed.conversation);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, name.as_bytes()).as_ref());
    let key = IdempotencyKey { caller: Some(ctx.caller.user_id), key: name, fingerprint };
    let render = move |thing: &T| StoredAnswer {
        status: 201,
        headers: Vec::new(),
        body: number(thing).to_string().into_bytes(),
    };
    Some(Remember { key, render: Box::new(render) })
}

fn replayed(answer: &StoredAnswer) -> Result<TicketRef> {
    let text = std::str::from_utf8(&answer.body).map_err(Error::internal)?;
    text.parse().map_err(Error::internal)
}

/// The row of the ledger.
fn decision(
    ctx: &Ctx,
    deed: &Deed<'_>,
    action: DecisionAction,
    ticket: TicketNumber,
    output: Value,
    undo: Undo,
) -> NewDecision {
    NewDecision {
        agent: AgentName::CustomerSupport,
        action,
        ticket: Some(ticket),
        conversation: Some(deed.conversation.0),
        person: Some(ctx.caller.user_id),
        by: deed.by.clone(),
        input_digest: digest_of(deed.read),
        output,
        category: None,
        said: None,
        confidence: None,
        evidence: json!({
            "action_id": deed.id, "approved": matches!(deed.origin, Origin::Approved),
        }),
        undo: Some(undo),
        shadow: false,
    }
}
