//! The agents: which language models they ask, in which order and within which bounds; what they decided,
//! and what became of it. The embedded engine is always last, so that nothing depends on a model of others.

mod ask;
mod budget;
mod categorize;
mod decisions;
mod ledger;
mod loaded;
mod prompt;
mod providers;
mod quality;
mod redact;
mod replay;
mod revert;
mod schema;
mod shadow;
mod status;
mod structured;
mod vote;

pub use providers::{AgentOverview, AiOverview, ProviderOverview};
pub use quality::{Bin, Quality, QualityGroup, QualityWindow};
pub use replay::{NewReplay, Replay, ReplayReport, ReplayedTicket};
pub use status::AgentStatus;

pub(crate) use ask::{Ask, Asked, Unanswered};
pub(crate) use categorize::{Advice, Task};
pub(crate) use ledger::{DecidedBy, NewDecision, digest_of};
pub(crate) use loaded::Agents;
pub(crate) use prompt::{FENCE_RULE, fenced, version_of};
pub(crate) use redact::masked_json;
pub(crate) use replay::RunReplay;
pub(crate) use shadow::ReadBeside;
