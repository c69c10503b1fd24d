//! Looking at one's conversations, and deleting them.

use std::collections::HashSet;

use atc_core::{
    Ctx, Result,
    conversation::{CitationKind, Conversation, Message},
    id::{ConversationId, TicketNumber},
    page::{Page, PageRequest},
};
use atc_store::ConversationPosition;

use super::owner;
use crate::App;

impl App {
    /// A page of the caller's conversations, newest first.
    pub async fn list_conversations(
        &self,
        ctx: &Ctx,
        page: PageRequest<ConversationPosition>,
    ) -> Result<Page<Conversation, ConversationPosition>> {
        Ok(self.store.conversations().list(owner(ctx), page).await?)
    }

    /// One of the caller's conversations, with everything that was said.
    ///
    /// # Errors
    /// Not found when it is not there or another person's.
    pub async fn get_conversation(
        &self,
        ctx: &Ctx,
        id: ConversationId,
    ) -> Result<(Conversation, Vec<Message>)> {
        let conversation = self.store.conversations().get(owner(ctx), id).await?;
        Ok((conversation, self.messages_seen(ctx, id).await?))
    }

    /// Deletes one of the caller's conversations. What was written in it to tickets stays there.
    ///
    /// # Errors
    /// Not found when it is not there or another person's.
    pub async fn delete_conversation(&self, ctx: &Ctx, id: ConversationId) -> Result<()> {
        let tx = self.store.begin().await?;
        tx.conversations().get(owner(ctx), id).await?;
        tx.conversations().delete(id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What was said in a conversation. Tickets that are gone, or that the caller may not see any more, are
    /// not cited.
    pub(super) async fn messages_seen(
        &self,
        ctx: &Ctx,
        id: ConversationId,
    ) -> Result<Vec<Message>> {
        let mut messages = self.store.conversations().messages(id).await?;
        let cited: HashSet<TicketNumber> =
            messages.iter().flat_map(|m| &m.citations).filter_map(|c| c.number).collect();
        if cited.is_empty() {
            return Ok(messages);
        }
        let numbers: Vec<_> = cited.into_iter().collect();
        let seen = self.store.tickets().find_many(&numbers, ctx.caller.visibility()).await?;
        let seen: HashSet<TicketNumber> = seen.iter().map(|t| t.number).collect();
        for message in &mut messages {
            message.citations.retain(|c| {
                c.kind != CitationKind::Ticket || c.number.is_some_and(|n| seen.contains(&n))
            });
        }
        Ok(messages)
    }
}
