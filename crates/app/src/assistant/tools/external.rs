//! Tools of other systems that an administrator allowed. What they give is a stranger's text. A call that needs
//! a person's yes is proposed; one that runs is a row of the ledger, whatever came of it.

use atc_core::{
    Ctx, Error, Result,
    conversation::{ActionDraft, ActionState, AgentAction},
    id::ConversationId,
    json::RawJson,
    policy::{self, Action},
};
use atc_store::{StoredAction, Tx};

use super::{Fault, bounded, data, write::check_count};
use crate::{
    App,
    assistant::{
        safety::{Known, clean},
        sources::Sources,
        turn::Turn,
    },
    tool_servers::AllowedTool,
};

/// The most characters of a result that is kept with an action.
const KEPT_CHARS: usize = 2_000;

/// Calls a tool of another system, or proposes to.
pub(super) async fn run(
    turn: &mut Turn<'_>,
    tool: &AllowedTool,
    arguments: &RawJson,
) -> Result<String, Fault> {
    turn.authorize(Action::AskAssistant).await?;
    if tool.writes {
        check_count(turn)?;
        let draft = ActionDraft::CallTool {
            tool: tool.spec.name.clone(),
            arguments: arguments.as_str().to_owned(),
        };
        turn.note_proposal(draft, None).await?;
        let told = "Proposed: the call is shown to the person, who approves or rejects it. Nothing was called \
                    yet. Tell them so.";
        return Ok(told.to_owned());
    }
    let conversation = Some(turn.conversation);
    let (app, ctx) = (turn.app, &turn.ctx);
    let text = app.call_external_tool_in(ctx, conversation, tool, arguments, false).await?;
    Ok(data(turn, "external tool", &text))
}

impl App {
    /// Makes a call that the person approved, once: where it is not known whether it was made, it is not made
    /// again.
    pub(in crate::assistant) async fn approve_call(
        &self,
        ctx: &Ctx,
        conversation: ConversationId,
        stored: &StoredAction,
        name: &str,
        arguments: &str,
    ) -> Result<AgentAction> {
        policy::authorize(&ctx.caller, Action::ManageConversations)?;
        let tool = self.external_tools().await.into_iter().find(|tool| tool.spec.name == name);
        let Some(tool) = tool else {
            return Err(Error::conflict("This tool is not allowed any more."));
        };
        let tx = self.store.begin().await?;
        self.move_call(&tx, stored, ActionState::Proposed, ActionState::Running, None).await?;
        tx.commit().await?;
        let raw = RawJson::trusted(arguments.to_owned());
        let outcome = self.call_external_tool_in(ctx, Some(conversation), &tool, &raw, true).await;
        let (state, text) = match &outcome {
            Ok(text) => (ActionState::Done, text.as_str()),
            Err(e) => (ActionState::Failed, &*e.detail),
        };
        // A stranger's words before a person's eyes: the same rules as for a model's.
        let (text, _) = clean(&bounded(text, KEPT_CHARS), &Known::default(), &Sources::default());
        let tx = self.store.begin().await?;
        self.move_call(&tx, stored, ActionState::Running, state, Some(&text)).await?;
        let action = tx.conversations().action(conversation, stored.action.id).await?.action;
        tx.commit().await?;
        Ok(action)
    }

    async fn move_call(
        &self,
        tx: &Tx,
        stored: &StoredAction,
        from: ActionState,
        to: ActionState,
        detail: Option<&str>,
    ) -> Result<()> {
        let id = stored.action.id;
        if tx.conversations().move_action(id, from, to, None, detail, self.now()).await? {
            return Ok(());
        }
        Err(Error::conflict("This was decided in the meantime."))
    }
}
