//! How work is named where it is watched.

/// The target of spans that are traced. Only spans of this target leave the house, so that what ordinary
/// log lines and their spans carry never does; and where no trace is sent they cost nothing.
///
/// Their fields are ids, names from the code and numbers: nothing that a person wrote.
pub const TRACES: &str = "atc::traces";
