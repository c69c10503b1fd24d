//! `POST /files/uploads`.

use atc_app::{NewUpload, UploadPlan};
use atc_core::{
    Error,
    error::Faults,
    file::{FileName, Sha256},
    id::TicketRef,
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::UploadBody;
use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, permissions::WriteFiles},
    layer,
    problem::Result,
    reply, v1,
};

endpoint!(announce_upload);

/// Announce a large file, to send it in parts.
///
/// The answer says where each part goes, mostly to the file store itself. When all were sent,
/// `POST /files/uploads/{id}/complete` makes a file of them. What is never completed is forgotten.
#[utoipa::path(
    post, path = "/files/uploads", tag = "Files", request_body = AnnounceBody,
    responses((status = 201, description = "The upload and its parts.", body = UploadBody))
)]
async fn announce_upload(
    Can { ctx, .. }: Can<WriteFiles>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<AnnounceBody>,
) -> Result<Response> {
    layer::limit_uploads(&state, ctx.caller.user_id).await?;
    let new = body.value.try_into()?;
    let render = |plan: &UploadPlan| {
        let location = format!("{}/files/uploads/{}", v1::PREFIX, plan.upload.id);
        reply::created(&UploadBody::from(plan), Some(location), None)
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.announce_upload(&ctx, new, remember).await?, render)
}

/// A file that will be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnnounceUpload, example = json!({
    "filename": "recording.mp4", "size": 20_971_520,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "ticket_id": "42"
}))]
struct AnnounceBody {
    /// The name: a label.
    #[schema(required, nullable = false)]
    filename: Option<String>,
    /// Its bytes.
    #[schema(minimum = 1, maximum = 1_099_511_627_776_i64, required, nullable = false)]
    size: Option<u64>,
    /// SHA-256 of its bytes, in hexadecimal.
    #[schema(pattern = "^[0-9a-fA-F]{64}$", required, nullable = false)]
    sha256: Option<String>,
    /// The id or the number of the ticket that it is evidence of.
    #[schema(example = "42")]
    ticket_id: Option<String>,
}

impl TryFrom<AnnounceBody> for NewUpload {
    type Error = Error;

    fn try_from(body: AnnounceBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let filename = body.filename.map(|name| Ok::<_, Error>(FileName::label(&name)));
        let filename = faults.require("/filename", filename);
        let size = body.size.map(|size| match size {
            0 => Err("A file without bytes goes to POST /files/upload."),
            1..=1_099_511_627_776 => Ok(size),
            _ => Err("No file has so many bytes."),
        });
        let size = faults.require("/size", size);
        let sha256 = body
            .sha256
            .map(|hex| Sha256::parse(&hex).ok_or("A SHA-256 hash has 64 hexadecimal digits."));
        let sha256 = faults.require("/sha256", sha256);
        let ticket = body.ticket_id.map(|text| {
            text.parse::<TicketRef>().map_err(|_| "This is no id or number of a ticket.")
        });
        let ticket = ticket.and_then(|ticket| faults.take("/ticket_id", ticket));
        let new = filename.zip(size).zip(sha256);
        faults.finish(new.map(|((filename, size), sha256)| Self { filename, size, sha256, ticket }))
    }
}
