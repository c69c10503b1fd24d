//! The models of this machine: which there are, whether they are whole, and fetching them.

pub mod fetch;
pub mod installed;
mod manifest;

pub use manifest::{FileSpec, Manifest, ManifestError, ModelSpec, PartSpec};
