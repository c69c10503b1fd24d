//! Uploads in parts: announced, sent to where the answer says, completed.

pub(crate) mod abort;
pub(crate) mod announce;
pub(crate) mod complete;
pub(crate) mod get;
pub(crate) mod put_part;

use std::collections::BTreeMap;

use atc_app::{PlannedPart, Target, UploadPlan};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::v1;

/// An upload that was announced, and where its parts go.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnnouncedUpload, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "filename": "recording.mp4", "size": 20_971_520,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "part_size": 16_777_216, "expires_at": "2026-01-31T13:00:00Z",
    "parts": [{
        "number": 1, "size": 16_777_216, "method": "PUT",
        "url": "https://bucket.s3.example.com/ab/0198?X-Amz-Signature=0a1b",
        "headers": {"Content-Length": "16777216"}
    }]
}))]
pub(super) struct UploadBody {
    /// Its identity, and that of the file which it becomes.
    id: Uuid,
    /// The name: a label.
    filename: String,
    /// Bytes.
    size: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// How many bytes each part has, but the last.
    part_size: u64,
    /// Until when it must be complete.
    expires_at: DateTime<Utc>,
    /// The parts in their order: send each, in any order, and keep the `ETag` of each answer.
    parts: Vec<PartBody>,
}

/// A part, and how it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadPart, example = json!({
    "number": 1, "size": 16_777_216, "method": "PUT",
    "url": "https://bucket.s3.example.com/ab/0198?X-Amz-Signature=0a1b",
    "headers": {"Content-Length": "16777216"}
}))]
pub(super) struct PartBody {
    /// The first is 1.
    #[schema(minimum = 1)]
    number: u32,
    /// Its bytes.
    size: u64,
    /// `PUT`.
    method: &'static str,
    /// Where to: an address of the file store, or one relative to this server. Needs no credential.
    url: String,
    /// What must be sent with it.
    headers: BTreeMap<&'static str, String>,
}

impl From<&UploadPlan> for UploadBody {
    fn from(plan: &UploadPlan) -> Self {
        let upload = &plan.upload;
        Self {
            id: upload.id.0,
            filename: upload.filename.to_string(),
            size: upload.size,
            sha256: upload.sha256.to_string(),
            part_size: upload.part_size,
            expires_at: upload.expires_at,
            parts: plan.parts.iter().map(PartBody::from).collect(),
        }
    }
}

impl From<&PlannedPart> for PartBody {
    fn from(planned: &PlannedPart) -> Self {
        Self {
            number: planned.part.number,
            size: planned.part.size,
            method: "PUT",
            url: address(&planned.target, "parts"),
            headers: BTreeMap::from([("Content-Length", planned.part.size.to_string())]),
        }
    }
}

/// Where a target is; those of this server lie below `/files/<kind>`.
pub(super) fn address(target: &Target, kind: &str) -> String {
    match target {
        Target::Store(url) => url.clone(),
        Target::Here(word) => format!("{}/files/{kind}/{word}", v1::PREFIX),
    }
}
