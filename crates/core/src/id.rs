//! Identifiers. Each kind of thing has its own type, so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> { Uuid::parse_str(s).map(Self) }
        }

        impl From<Uuid> for $name { fn from(id: Uuid) -> Self { Self(id) } }
    )*};
}

ids! {
    /// A person's account.
    UserId;
    /// One login of a person: the family of one refresh token and its access tokens.
    SessionId;
    /// A personal API token.
    TokenId;
    /// What a person lets another program do in their name.
    GrantId;
    /// A ticket.
    TicketId;
    /// A comment on a ticket.
    CommentId;
    /// An entry of a ticket's audit trail.
    TicketEventId;
    /// A team that tickets are routed to.
    TeamId;
    /// An article of the knowledge base.
    ArticleId;
    /// An uploaded file.
    FileId;
    /// A notification of one person.
    NotificationId;
    /// Another system that is told what happens.
    WebhookEndpointId;
    /// One event on its way to one other system.
    WebhookDeliveryId;
    /// Something that an agent decided.
    DecisionId;
    /// A report of what another model would have decided.
    ReplayId;
    /// A server of others whose tools agents may use.
    ToolServerId;
    /// A conversation with the customer support agent.
    ConversationId;
    /// What one side of a conversation said.
    MessageId;
    /// Something that the customer support agent did or proposes to do.
    AgentActionId;
    /// A job that runs in the background.
    JobId;
    /// One attempt at a job: whoever holds another one may write nothing of it.
    AttemptToken;
}

/// The number of a ticket as people say it: 1, 2, 3 … without reuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketNumber(pub i64);

impl std::fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for TicketNumber {
    type Err = NotANumber;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.parse() {
            Ok(n) if n > 0 && !s.starts_with('+') => Ok(Self(n)),
            _ => Err(NotANumber),
        }
    }
}

/// The text is not the number of a ticket: a whole number from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 on")]
pub struct NotANumber;

/// How a client names a ticket in a path: by its id or by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketRef {
    /// The UUID.
    Id(TicketId),
    /// The running number.
    Number(TicketNumber),
}

impl std::str::FromStr for TicketRef {
    type Err = NotATicket;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = s.parse::<TicketId>() {
            return Ok(Self::Id(id));
        }
        s.parse().map(Self::Number).map_err(|NotANumber| NotATicket)
    }
}

impl From<TicketId> for TicketRef {
    fn from(id: TicketId) -> Self {
        Self::Id(id)
    }
}

/// The text names no ticket: neither a UUID nor a positive number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a ticket id nor a ticket number")]
pub struct NotATicket;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_named_by_id_or_number() {
        let id = Uuid::from_u128(7);
        assert_eq!(id.to_string().parse(), Ok(TicketRef::Id(TicketId(id))));
        assert_eq!("42".parse(), Ok(TicketRef::Number(TicketNumber(42))));
        for bad in ["0", "-1", "+1", "1.5", "", "abc", "99999999999999999999"] {
            assert_eq!(bad.parse::<TicketRef>(), Err(NotATicket), "{bad}");
        }
    }
}
