//! The doors to the world: what the use cases need from outside, each with more than one real
//! implementation.

mod ai_source;
mod blob;
mod bus;
mod chat;
mod clock;
mod extract;
mod limiter;
mod outgoing;
mod tools;
mod triage;

use std::{future::Future, pin::Pin};

pub use ai_source::{AiConfigFaults, AiSource};
pub use blob::{BlobError, BlobReader, BlobStore, BlobWriter, ReadAs, StoredBlob, UploadPart};
pub use bus::{Bus, BusError, BusListener, BusMessage, Wake, Wakes};
pub use chat::{ChatModel, ChatModels, Deltas, ProviderStatus};
pub use clock::{Clock, Entropy, new_uuid};
pub use extract::{Ability, ExtractError, Extractor, FileToRead, ReadProgress};
pub use limiter::{Decision, Limit, RateLimiter};
pub use outgoing::{Outgoing, OutgoingAnswer, OutgoingError, OutgoingPage, OutgoingPost};
pub use tools::{FoundTools, ToolResult, ToolServerAddress, ToolServerError, ToolServers};
pub use triage::{
    Analysis, CategoryVerdict, EngineError, EngineState, EngineStatus, LabelledText, Meaning,
    PriorityVerdict, TrainedModel, TriageEngine, TriageInput,
};

/// A future that can be kept behind a `dyn` trait.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
