//! What was said before, as far as a model is told of it.

use std::fmt::Write as _;

use atc_core::{
    chat::ChatMessage,
    conversation::{ActionState, Message, Speaker},
};

/// About how many bytes make a token.
const BYTES_PER_TOKEN: usize = 4;
/// Tells the model that it does not see everything.
const CUT: &str = "(The beginning of the conversation is left out.)";

/// The messages of a conversation, oldest first, as many of the latest as fit. The last one is the
/// person's, and is always there.
pub(super) fn told(messages: &[Message], most_tokens: u32) -> Vec<ChatMessage> {
    let mut room =
        usize::try_from(most_tokens).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_TOKEN);
    let mut told = Vec::new();
    let mut left_out = false;
    for message in messages.iter().rev() {
        let text = text(message);
        if !told.is_empty() && text.len() > room {
            left_out = true;
            break;
        }
        room = room.saturating_sub(text.len());
        told.push(match message.speaker {
            Speaker::Person => ChatMessage::User(text),
            Speaker::Assistant => ChatMessage::Model { text, calls: Vec::new() },
        });
    }
    // A conversation begins with the person.
    while matches!(told.last(), Some(ChatMessage::Model { .. })) {
        told.pop();
        left_out = true;
    }
    told.reverse();
    if let (true, Some(ChatMessage::User(first))) = (left_out, told.first_mut()) {
        *first = format!("{CUT}\n\n{first}");
    }
    joined(told)
}

/// Two of the same side in a row become one: a turn that was not answered leaves none between.
fn joined(messages: Vec<ChatMessage>) -> Vec<ChatMessage> {
    let mut joined: Vec<ChatMessage> = Vec::with_capacity(messages.len());
    for message in messages {
        match (joined.last_mut(), message) {
            (Some(ChatMessage::User(before)), ChatMessage::User(text)) => {
                before.push_str("\n\n");
                before.push_str(&text);
            }
            (_, message) => joined.push(message),
        }
    }
    joined
}

/// The words, and what became of what was proposed with them.
fn text(message: &Message) -> String {
    let mut text = message.text.clone();
    for action in &message.actions {
        let what = action.draft.kind();
        let state = match action.state {
            ActionState::Done => "done",
            ActionState::Proposed => "waits for the person's decision",
            ActionState::Rejected => "rejected by the person",
            ActionState::Running | ActionState::Failed => "not confirmed",
        };
        let ticket = action.ticket.as_ref().map(|t| format!(", ticket #{}", t.number));
        // Writing to a String cannot fail.
        let _ = write!(text, "\n({what}: {state}{})", ticket.unwrap_or_default());
    }
    text
}

#[cfg(test)]
mod tests {
    use atc_core::id::MessageId;
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn said(turn: u32, speaker: Speaker, text: &str) -> Message {
        Message {
            id: MessageId(Uuid::nil()),
            turn,
            speaker,
            text: text.to_owned(),
            citations: Vec::new(),
            actions: Vec::new(),
            author: None,
            asks: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_oldest_is_left_out_and_the_model_is_told() {
        let messages = [
            said(1, Speaker::Person, &"a".repeat(400)),
            said(1, Speaker::Assistant, "b"),
            said(2, Speaker::Person, "c"),
            said(2, Speaker::Assistant, "d"),
            said(3, Speaker::Person, "e"),
        ];
        let told = told(&messages, 20);
        let ChatMessage::User(first) = &told[0] else { panic!("{told:?}") };
        assert_eq!(first, &format!("{CUT}\n\nc"));
        assert_eq!(told.len(), 3);
        assert_eq!(super::told(&messages, 1_000).len(), 5);
    }

    #[test]
    fn the_last_message_is_told_however_long() {
        let long = "x".repeat(10_000);
        let told = told(&[said(1, Speaker::Person, &long)], 1);
        assert_eq!(told, [ChatMessage::User(long)]);
    }

    #[test]
    fn a_turn_without_an_answer_leaves_no_gap() {
        let messages = [said(1, Speaker::Person, "a"), said(2, Speaker::Person, "b")];
        assert_eq!(told(&messages, 100), [ChatMessage::User("a\n\nb".to_owned())]);
    }
}
