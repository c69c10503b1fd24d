//! The keys of conversations with the customer support agent.

use atc_app::AssistantBounds;

use super::{
    fault::{Noted, Reader},
    parse,
};

/// The bounds of conversations.
pub(super) fn read(r: &mut Reader<'_>) -> Result<AssistantBounds, Noted> {
    let days = r.required("CONVERSATION_DAYS", "90", parse::number(0..=36_500));
    let most = r.required("CONVERSATIONS_PER_USER", "200", parse::number(1..=1_000));
    let messages = r.required("CONVERSATION_MESSAGES", "200", parse::number(2..=10_000));
    let history = r.required("CONVERSATION_HISTORY_TOKENS", "8000", parse::number(500..=1_000_000));
    Ok(AssistantBounds {
        kept_days: days?,
        most_conversations: most?,
        most_messages: messages?,
        history_tokens: history?,
    })
}
