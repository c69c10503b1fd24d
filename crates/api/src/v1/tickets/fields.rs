//! Fields that creating and changing a ticket share.

use atc_core::{error::Faults, id::FileId, json::RawJson, ticket::MAX_METADATA_BYTES};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The most files that a ticket begins with.
const MAX_ATTACHMENTS: usize = 50;

/// Metadata, within its bound.
pub(super) fn metadata(faults: &mut Faults, object: &Map<String, Value>) -> Option<RawJson> {
    // A map of JSON values always serialises.
    let json = serde_json::to_string(object).unwrap_or_default();
    if json.len() > MAX_METADATA_BYTES {
        let size = json.len();
        faults.body(
            "/metadata",
            format!("At most {MAX_METADATA_BYTES} bytes of JSON are kept; this has {size}."),
        );
        return None;
    }
    Some(RawJson::trusted(json))
}

/// Files to begin with.
pub(super) fn attachments(faults: &mut Faults, ids: Vec<Uuid>) -> Option<Vec<FileId>> {
    if ids.len() > MAX_ATTACHMENTS {
        faults.body("/attachment_ids", format!("At most {MAX_ATTACHMENTS} files are taken."));
        return None;
    }
    Some(ids.into_iter().map(FileId).collect())
}
