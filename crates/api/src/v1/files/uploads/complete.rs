//! `POST /files/uploads/{id}/complete`.

use atc_core::{
    Error,
    error::Faults,
    file::{File, FileId},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Id, Once, permissions::WriteFiles},
    problem::Result,
    reply, v1,
    wire::FileBody,
};

/// More than a tag of any store has.
const MOST_TAG_BYTES: usize = 256;

endpoint!(complete_upload);

/// Make a file of an announced upload.
///
/// Its bytes are read once and compared with what was announced; where they differ, nothing is kept. Then it is a
/// file like any other, and waits to be read.
#[utoipa::path(
    post, path = "/files/uploads/{id}/complete", tag = "Files",
    params(("id" = uuid::Uuid, Path, description = "The upload.")),
    request_body = CompleteBody,
    responses((status = 201, description = "The file; it waits to be read.", body = FileBody))
)]
async fn complete_upload(
    Can { ctx, .. }: Can<WriteFiles>,
    State(state): State<ApiState>,
    Id(id): Id<FileId>,
    once: Once,
    body: Body<CompleteBody>,
) -> Result<Response> {
    let tags: Vec<String> = body.value.try_into()?;
    let render = |file: &File| {
        let location = format!("{}/files/{}", v1::PREFIX, file.id);
        reply::created(&FileBody::new(file.clone(), None), Some(location), Some(file.version))
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.complete_upload(&ctx, id, &tags, remember).await?, render)
}

/// What was answered to the parts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompleteUpload, example = json!({"etags": ["\"5d41402abc4b2a76b9719d911017c592\""]}))]
struct CompleteBody {
    /// The header `ETag` of the answer to each part, in the order of the parts.
    #[schema(min_items = 1, max_items = 10_000, required, nullable = false)]
    etags: Option<Vec<String>>,
}

impl TryFrom<CompleteBody> for Vec<String> {
    type Error = Error;

    fn try_from(body: CompleteBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let etags = body.etags.map(|tags| {
            let plain = |tag: &String| {
                tag.len() <= MOST_TAG_BYTES && tag.bytes().all(|b| (0x20..0x7f).contains(&b))
            };
            match tags.len() {
                1..=10_000 if tags.iter().all(plain) => Ok(tags),
                1..=10_000 => Err("These are no values of the header ETag."),
                _ => Err("Send the ETag of each part."),
            }
        });
        let etags = faults.require("/etags", etags);
        faults.finish(etags)
    }
}
