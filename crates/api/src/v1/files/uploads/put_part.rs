//! `PUT /files/parts/{word}`.

use std::time::Duration;

use atc_app::PartUpload;
use atc_core::{Error, ErrorCode};
use axum::{
    body::BodyDataStream,
    extract::{Request, State},
};
use futures::StreamExt;
use http::{HeaderName, StatusCode, header};
use tokio::time::timeout;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Id, Public},
    problem::Result,
};

endpoint!(put_part);

/// Send a part of an announced upload.
///
/// The address comes from `POST /files/uploads`, where the file store is not reached by clients themselves. It needs
/// no credential, and serves as long as the upload.
#[utoipa::path(
    put, path = "/files/parts/{word}", tag = "Files",
    params(("word" = String, Path, description = "From the address of the part.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Stored; the header ETag is for completing the upload."))
)]
async fn put_part(
    _: Public,
    State(state): State<ApiState>,
    Id(word): Id<String>,
    request: Request,
) -> Result<(StatusCode, [(HeaderName, String); 1])> {
    let mut part = state.app.begin_part(&word).await?;
    let body = request.into_body().into_data_stream();
    let taken = take(&mut part, body, state.config.body_timeout);
    let taken = timeout(state.config.upload_timeout, taken).await;
    if let Err(e) = taken.unwrap_or_else(|_| Err(too_slow())) {
        part.give_up().await;
        return Err(e.into());
    }
    let tag = part.finish().await?;
    Ok((StatusCode::NO_CONTENT, [(header::ETAG, format!("\"{tag}\""))]))
}

async fn take(
    part: &mut PartUpload,
    mut body: BodyDataStream,
    idle: Duration,
) -> Result<(), Error> {
    loop {
        match timeout(idle, body.next()).await {
            Ok(Some(Ok(bytes))) => part.push(bytes.into()).await?,
            Ok(Some(Err(e))) => {
                let detail = "The part ends too early.";
                return Err(Error::new(ErrorCode::Malformed, detail).with_source(e));
            }
            Ok(None) => return Ok(()),
            Err(_) => return Err(too_slow()),
        }
    }
}

fn too_slow() -> Error {
    Error::new(ErrorCode::RequestTimeout, "The part took too long to arrive; send it again.")
}
