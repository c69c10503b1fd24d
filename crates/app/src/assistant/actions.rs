//! Actions: what the agent proposes or does, and the person's word on what was proposed.

use atc_core::{
    Ctx, Error, ErrorCode, Result,
    conversation::{ActionDraft, ActionState, AgentAction, NamedTicket},
    id::{AgentActionId, ConversationId, TicketRef},
    policy::Action,
    text::{CommentBody, PlainText, Title},
    ticket::{Source, Ticket, TicketContext, TicketFromText},
};
use atc_store::{NewAction, StoredAction};

use super::{
    deed::{Deed, Origin, named},
    turn::{AssistantNews, Turn, author_of},
};
use crate::App;

/// Something that the agent wants to write.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// A ticket for the person.
    Ticket {
        /// One line; where there is none, triage finds one.
        title: Option<Title>,
        /// The whole story.
        text: PlainText,
    },
    /// A comment of the person's.
    Comment {
        /// On which ticket.
        ticket: Box<Ticket>,
        /// What it says.
        body: CommentBody,
        /// Whether only staff see it.
        internal: bool,
    },
}

impl Wanted {
    /// What the person must be allowed to do.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::Ticket { .. } => Action::CreateTicket,
            Self::Comment { .. } => Action::WriteComments,
        }
    }

    /// A ticket to be made of plain words.
    pub(super) fn words(text: &PlainText) -> TicketFromText {
        TicketFromText {
            text: text.clone(),
            context: TicketContext::default(),
            attachment_ids: Vec::new(),
            source: Source::Ai,
        }
    }
}
impl Turn<'_> {
    /// Shows the person what would be written.
    pub async fn propose(&mut self, wanted: Wanted) -> Result<AgentAction> {
        let app = self.app;
        let (draft, ticket) = match wanted {
            Wanted::Ticket { title, text } => {
                let (new, triage) =
                    app.preview_ticket_for_agent(&self.ctx, Wanted::words(&text)).await?;
                let draft = ActionDraft::CreateTicket {
                    title: title.unwrap_or(new.title).into_string(),
                    description: text.into_string(),
                    category: triage.category.as_str().to_owned(),
                    priority: triage.priority,
                };
                (draft, None)
            }
            Wanted::Comment { ticket, body, internal } => (
                ActionDraft::AddComment { body: body.into_string(), internal },
                Some(named(&ticket)),
            ),
        };
        self.note_proposal(draft, ticket).await
    }

    /// Writes a proposal down and tells of it.
    pub(super) async fn note_proposal(
        &mut self,
        draft: ActionDraft,
        ticket: Option<NamedTicket>,
    ) -> Result<AgentAction> {
        let app = self.app;
        let action = AgentAction {
            id: AgentActionId(app.new_id()),
            state: ActionState::Proposed,
            draft,
            ticket,
            detail: None,
            created_at: app.now(),
            settled_at: None,
        };
        let tx = app.store.begin().await?;
        tx.conversations()
            .insert_action(
                self.conversation,
                &NewAction {
                    action: &action,
                    ticket: action.ticket.as_ref().map(|t| t.number),
                    turn: self.number,
                    place: self.place(),
                    provider: &self.by.provider,
                    model: &self.by.model,
                },
            )
            .await?;
        tx.commit().await?;
        Ok(self.note(action))
    }

    /// Does it now.
    pub async fn carry_out(&mut self, wanted: Wanted) -> Result<AgentAction> {
        let app = self.app;
        let deed = Deed {
            id: AgentActionId(app.new_id()),
            conversation: self.conversation,
            origin: Origin::New { turn: self.number, place: self.place() },
            by: &self.by,
            read: self.words(),
        };
        let action = app.carry_out(&self.ctx, &deed, wanted).await?;
        if let (ActionDraft::CreateTicket { .. }, Some(ticket)) = (&action.draft, &action.ticket) {
            self.made.push(ticket.number);
        }
        Ok(self.note(action))
    }

    pub(super) fn note(&mut self, action: AgentAction) -> AgentAction {
        self.tell(AssistantNews::Action(Box::new(action.clone())));
        self.actions.push(action.clone());
        action
    }

    pub(super) fn place(&self) -> u32 {
        u32::try_from(self.actions.len()).unwrap_or(u32::MAX)
    }
}
impl App {
    /// Does what the agent proposed, once, with the rights that its owner has now. Who approves twice gets
    /// the same answer.
    ///
    /// # Errors
    /// Not found; a conflict when it was rejected or did not work; what the use case itself refuses.
    pub async fn approve_action(
        &self,
        ctx: &Ctx,
        conversation: ConversationId,
        id: AgentActionId,
    ) -> Result<AgentAction> {
        let stored = self.action_of(ctx, conversation, id).await?;
        if stored.action.state != ActionState::Proposed {
            return settled(stored.action);
        }
        let approved = self.approve(ctx, conversation, &stored).await;
        match approved {
            Err(e) if e.code == ErrorCode::Conflict => {
                let now = self.action_of(ctx, conversation, id).await?.action;
                if now.state == ActionState::Proposed { Err(e) } else { settled(now) }
            }
            approved => approved,
        }
    }

    /// Carries a proposal out.
    pub(super) async fn approve(
        &self,
        ctx: &Ctx,
        conversation: ConversationId,
        stored: &StoredAction,
    ) -> Result<AgentAction> {
        let by = author_of(&stored.provider, &stored.model);
        let read = serde_json::to_string(&stored.action.draft).map_err(Error::internal)?;
        let origin = Origin::Approved;
        let deed = Deed { id: stored.action.id, conversation, origin, by: &by, read: &read };
        let wanted = match &stored.action.draft {
            ActionDraft::CreateTicket { title, description, .. } => Wanted::Ticket {
                title: Some(Title::parse(title.as_str()).map_err(Error::internal)?),
                text: PlainText::parse(description.as_str()).map_err(Error::internal)?,
            },
            ActionDraft::AddComment { body, internal } => {
                let ticket =
                    stored.action.ticket.as_ref().ok_or_else(|| Error::not_found("ticket"))?;
                Wanted::Comment {
                    ticket: Box::new(self.get_ticket(ctx, TicketRef::Id(ticket.id)).await?),
                    body: CommentBody::parse(body.as_str()).map_err(Error::internal)?,
                    internal: *internal,
                }
            }
            ActionDraft::CallTool { tool, arguments } => {
                return self.approve_call(ctx, conversation, stored, tool, arguments).await;
            }
        };
        let done = self.carry_out(ctx, &deed, wanted).await?;
        Ok(AgentAction { created_at: stored.action.created_at, ..done })
    }

    /// Drops what the agent proposed. Who rejects twice gets the same answer.
    ///
    /// # Errors
    /// Not found; a conflict when it was done.
    pub async fn reject_action(
        &self,
        ctx: &Ctx,
        conversation: ConversationId,
        id: AgentActionId,
    ) -> Result<AgentAction> {
        self.action_of(ctx, conversation, id).await?;
        let tx = self.store.begin().await?;
        let (from, to) = (ActionState::Proposed, ActionState::Rejected);
        tx.conversations().move_action(id, from, to, None, None, self.now()).await?;
        let action = tx.conversations().action(conversation, id).await?.action;
        tx.commit().await?;
        match action.state {
            ActionState::Rejected => Ok(action),
            _ => Err(Error::conflict("It was done already.")),
        }
    }

    /// An action of a conversation that the caller may see.
    async fn action_of(
        &self,
        ctx: &Ctx,
        conversation: ConversationId,
        id: AgentActionId,
    ) -> Result<StoredAction> {
        let conversations = self.store.conversations();
        conversations.get(super::owner(ctx), conversation).await?;
        Ok(conversations.action(conversation, id).await?)
    }
}

/// What came of an action that nobody has to decide any more.
fn settled(action: AgentAction) -> Result<AgentAction> {
    match action.state {
        ActionState::Done | ActionState::Running | ActionState::Failed => Ok(action),
        ActionState::Rejected => Err(Error::conflict("It was rejected; ask for it again.")),
        ActionState::Proposed => Err(Error::conflict("It could not be done; try again.")),
    }
}
