//! Webhooks: other systems that are told what happens (standardwebhooks.com).

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{
    event::{Event, EventKind, Topic},
    id::{WebhookDeliveryId, WebhookEndpointId},
    text::Name,
};

/// The most characters of an address.
const MAX_URL: usize = 2_000;

/// The address that is called, as far as its text goes; whether it may be called is decided by
/// [`crate::ports::Outgoing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// An address of legal length.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: impl Into<String>) -> Result<Self, &'static str> {
        let text = text.into();
        if text.is_empty() || text.chars().count() > MAX_URL {
            return Err("Must be an address of at most 2,000 characters.");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("Must not hold spaces or control characters.");
        }
        Ok(Self(text))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an endpoint is not called any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// An administrator said so.
    ByAdmin,
    /// Every call failed for days.
    Failing,
    /// It answered 410: it is gone.
    Gone,
}

impl DisabledReason {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::ByAdmin, Self::Failing, Self::Gone];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByAdmin => "by_admin",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// The reason of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// Another system that is told what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its identity.
    pub id: WebhookEndpointId,
    /// What people call it.
    pub name: Name,
    /// Where it is called.
    pub url: EndpointUrl,
    /// What it wants to hear of; empty for everything.
    pub kinds: Vec<EventKind>,
    /// Why it is not called; `None` while it is.
    pub disabled: Option<DisabledReason>,
    /// Since when every call has failed; `None` when the last one went well.
    pub failing_since: Option<DateTime<Utc>>,
    /// Since when it is called: what happened before is not told.
    pub enabled_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change.
    pub version: i64,
}

impl WebhookEndpoint {
    /// Whether it is told of an event that happened then.
    #[must_use]
    pub fn hears(&self, kind: EventKind, at: DateTime<Utc>) -> bool {
        self.disabled.is_none()
            && at >= self.enabled_at
            && is_told(kind)
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }
}

/// Whether other systems can hear of events of this kind: what concerns one person is theirs alone.
#[must_use]
pub fn is_told(kind: EventKind) -> bool {
    matches!(kind.topic(), Some(Topic::Tickets | Topic::Files))
}

/// The kinds that an endpoint can choose.
pub fn told_kinds() -> impl Iterator<Item = EventKind> {
    EventKind::ALL.into_iter().filter(|kind| is_told(*kind))
}

/// An endpoint to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhookEndpoint {
    /// What people call it.
    pub name: Name,
    /// Where it is called.
    pub url: EndpointUrl,
    /// What it wants to hear of; empty for everything.
    pub kinds: Vec<EventKind>,
}

/// A change to an endpoint: `None` leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookEndpointPatch {
    /// Another name.
    pub name: Option<Name>,
    /// Another address.
    pub url: Option<EndpointUrl>,
    /// Other kinds.
    pub kinds: Option<Vec<EventKind>>,
    /// Whether it is called.
    pub enabled: Option<bool>,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its first or its next attempt.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// It is not tried any more.
    Failed,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// Its identity, the same at every attempt: `webhook-id`.
    pub id: WebhookDeliveryId,
    /// To whom.
    pub endpoint: WebhookEndpointId,
    /// What happened.
    pub event: Event,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u16,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When it was delivered or given up.
    pub finished_at: Option<DateTime<Utc>>,
}

/// One attempt at a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// The first is 1.
    pub number: u16,
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// The status code of the answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How the text of the answer began.
    pub answer: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_values_are_one_to_one() {
        for reason in DisabledReason::ALL {
            assert_eq!(DisabledReason::parse(reason.as_str()), Some(reason));
        }
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn what_concerns_one_person_is_told_to_no_other_system() {
        assert_eq!(told_kinds().count(), 8);
        assert!(!is_told(EventKind::Notification) && !is_told(EventKind::AccessChanged));
    }

    #[test]
    fn an_address_is_one_word_of_bounded_length() {
        EndpointUrl::parse("https://example.com/hook").unwrap();
        for text in ["", "https://a b", "https://a\nb", &"x".repeat(2_001)] {
            EndpointUrl::parse(text).unwrap_err();
        }
    }
}
