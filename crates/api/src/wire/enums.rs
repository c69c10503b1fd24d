//! The words of the API.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

macro_rules! wire_enums {
    ($(
        $(#[doc = $doc:literal])* #[schema(example = $example:literal)]
        $name:ident = $core:path { $($variant:ident = $word:literal),* $(,)? }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum $name {
            $(#[serde(rename = $word)] $variant,)*
        }

        // Derived, it would show the names of the variants: it does not see words that a macro puts in.
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some(concat!($($doc, "\n"),*).trim()))
                    .enum_values(Some([$($word),*]))
                    .examples([$example])
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> { stringify!($name).into() }
        }

        impl From<$core> for $name {
            fn from(value: $core) -> Self {
                use $core as Core;
                match value { $(Core::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $core {
            fn from(value: $name) -> Self {
                use $core as Core;
                match value { $($name::$variant => Core::$variant,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("This is one of {}.", [$($word),*].join(", "))),
                }
            }
        }
    )*};
}

wire_enums! {
    /// An agent.
    #[schema(example = "categorization")]
    AgentName = atc_core::agent::AgentName {
        CustomerSupport = "customer_support",
        Categorization = "categorization",
    }

    /// What an agent did.
    #[schema(example = "ticket_created")]
    DecisionAction = atc_core::decision::DecisionAction {
        TicketCreated = "ticket_created",
        TicketTriaged = "ticket_triaged",
        TicketUpdated = "ticket_updated",
        CommentAdded = "comment_added",
        ToolCalled = "tool_called",
    }

    /// How far a ticket is.
    #[schema(example = "open")]
    Status = atc_core::ticket::Status {
        New = "new",
        Open = "open",
        InProgress = "in_progress",
        Pending = "pending",
        Resolved = "resolved",
        Closed = "closed",
        Cancelled = "cancelled",
    }
    /// How pressing a ticket is.
    #[schema(example = "high")]
    Priority = atc_core::ticket::Priority {
        Low = "low",
        Medium = "medium",
        High = "high",
        Critical = "critical",
    }
    /// Which door a ticket came through.
    #[schema(example = "api")]
    Source = atc_core::ticket::Source {
        Api = "api",
        Ai = "ai",
        Extension = "extension",
        Mcp = "mcp",
        Integration = "integration",
    }
    /// What a person may do: `user` sees own tickets, `agent` all of them, `admin` everything.
    #[schema(example = "agent")]
    Role = atc_core::user::Role { User = "user", Agent = "agent", Admin = "admin" }
    /// How a team shares its tickets among its active members.
    #[schema(example = "round_robin")]
    Strategy = atc_core::team::Strategy {
        RoundRobin = "round_robin",
        LeastLoaded = "least_loaded",
    }
    /// What an API token is good for. Writing includes reading; `admin` includes everything.
    #[schema(example = "tickets:read")]
    Scope = atc_core::token::Scope {
        TicketsRead = "tickets:read",
        TicketsWrite = "tickets:write",
        FilesRead = "files:read",
        FilesWrite = "files:write",
        KnowledgeRead = "knowledge:read",
        KnowledgeWrite = "knowledge:write",
        Admin = "admin",
    }
    /// How articles are searched: by meaning and words, by meaning, or by words.
    #[schema(example = "hybrid")]
    SearchMode = atc_core::article::SearchMode {
        Hybrid = "hybrid",
        Semantic = "semantic",
        Keyword = "keyword",
    }
    /// When a call of a tool needs a person's yes.
    #[schema(example = "always")]
    Approval = atc_core::tool_server::Approval { Never = "never", Always = "always" }
    /// What becomes of a tool: `offered` to agents; `not_allowed` by anybody; `suspended`, as it is no longer what was
    /// allowed; `unusable` at all.
    #[schema(example = "offered")]
    ToolState = atc_core::tool_server::ToolState {
        Offered = "offered",
        NotAllowed = "not_allowed",
        Suspended = "suspended",
        Unusable = "unusable",
    }
    /// How far the reading of a file is.
    #[schema(example = "processed")]
    FileStatus = atc_core::file::FileStatus {
        Queued = "queued",
        Processing = "processing",
        Processed = "processed",
        Failed = "failed",
    }
    /// What kind of thing a file is.
    #[schema(example = "image")]
    FileKind = atc_core::file::FileKind {
        Image = "image",
        Audio = "audio",
        Video = "video",
        Document = "document",
        Other = "other",
    }
    /// How far a job is: `ready` waits for its time and for a place, `failed` shall not be tried again,
    /// `dead` used up its attempts.
    #[schema(example = "dead")]
    JobState = atc_core::job::JobState {
        Ready = "ready",
        Running = "running",
        Done = "done",
        Failed = "failed",
        Dead = "dead",
        Cancelled = "cancelled",
    }
    /// How far an action of the customer support agent is: `proposed` waits for its owner, `running` asked
    /// another system and does not know yet.
    #[schema(example = "proposed")]
    ActionState = atc_core::conversation::ActionState {
        Proposed = "proposed",
        Running = "running",
        Done = "done",
        Rejected = "rejected",
        Failed = "failed",
    }
    /// What kind of thing is cited.
    #[schema(example = "article")]
    CitationKind = atc_core::conversation::CitationKind {
        Article = "article",
        Ticket = "ticket",
        File = "file",
    }
    /// How far a call of another system is.
    #[schema(example = "delivered")]
    DeliveryState = atc_core::webhook::DeliveryState {
        Pending = "pending",
        Delivered = "delivered",
        Failed = "failed",
    }
    /// Why another system is not called: by an administrator, because every call failed for five days, or
    /// because it answered that it is gone.
    #[schema(example = "failing")]
    DisabledReason = atc_core::webhook::DisabledReason {
        ByAdmin = "by_admin",
        Failing = "failing",
        Gone = "gone",
    }
    /// How an attempt at a job ended: `retry` failed in a way that may pass, `lost` was not heard of
    /// again, `handed_back` belonged to a worker that ended.
    #[schema(example = "retry")]
    AttemptEnd = atc_core::job::AttemptEnd {
        Done = "done",
        Retry = "retry",
        Failed = "failed",
        Lost = "lost",
        HandedBack = "handed_back",
        Cancelled = "cancelled",
    }
    /// How far back one looks: an hour by minutes, a day by quarters of an hour.
    #[schema(example = "hour")]
    HistoryWindow = atc_app::HistoryWindow { Hour = "hour", Day = "day" }
    /// What happened to a ticket.
    #[schema(example = "updated")]
    AuditKind = atc_core::ticket::AuditKind {
        Created = "created",
        Updated = "updated",
        Triaged = "triaged",
        Commented = "commented",
        CommentEdited = "comment_edited",
        CommentDeleted = "comment_deleted",
        FileAttached = "file_attached",
        FileDeleted = "file_deleted",
        Deleted = "deleted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_core() {
        for status in atc_core::ticket::Status::ALL {
            let word = serde_json::to_value(Status::from(status)).unwrap();
            assert_eq!(word, status.as_str());
        }
        for scope in atc_core::token::Scope::ALL {
            assert_eq!(serde_json::to_value(Scope::from(scope)).unwrap(), scope.as_str());
        }
        for status in atc_core::file::FileStatus::ALL {
            let word = serde_json::to_value(FileStatus::from(status)).unwrap();
            assert_eq!(word, status.as_str());
        }
        for kind in atc_core::file::FileKind::ALL {
            assert_eq!(serde_json::to_value(FileKind::from(kind)).unwrap(), kind.as_str());
        }
        for state in atc_core::job::JobState::ALL {
            let word = serde_json::to_value(JobState::from(*state)).unwrap();
            assert_eq!(word, state.as_str());
        }
        for end in atc_core::job::AttemptEnd::ALL {
            assert_eq!(serde_json::to_value(AttemptEnd::from(*end)).unwrap(), end.as_str());
        }
        for kind in atc_core::ticket::AuditKind::ALL {
            assert_eq!(serde_json::to_value(AuditKind::from(kind)).unwrap(), kind.as_str());
        }
    }
}
