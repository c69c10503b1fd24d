//! `POST /files/upload`.

use std::time::Duration;

use atc_app::{Upload, UploadDigest};
use atc_core::{
    Error, ErrorCode,
    error::Faults,
    file::{File, FileName},
    id::TicketRef,
};
use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    body::BodyDataStream,
    extract::{Request, State},
    response::Response,
};
use futures::StreamExt;
use http::{HeaderMap, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Can, Once, permissions::WriteFiles},
    layer::{self, TooSlow, is_caused_by},
    problem::Result,
    reply, v1,
    wire::FileBody,
};

/// What stands around a file in a request: boundaries, headers, other parts.
const AROUND_BYTES: u64 = 64 * 1024;
/// The most bytes of a part other than the file.
const MOST_TEXT_BYTES: usize = 256;
/// The most parts: more than there are names.
const MOST_PARTS: usize = 8;
/// How long, and how many bytes, a refused upload is heard out: a client that still sends does not
/// look at the answer yet.
const HEARD_OUT: Duration = Duration::from_secs(10);
const HEARD_OUT_BYTES: usize = 512 * 1024 * 1024;

endpoint!(upload_file);

/// Upload a file.
///
/// It is stored as it comes, and read in the background: its text, its words, its pages, what is said
/// in it. `GET /files/{id}` tells when that is done.
#[utoipa::path(
    post, path = "/files/upload", tag = "Files",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "The file; it waits to be read.", body = FileBody))
)]
async fn upload_file(
    Can { ctx, .. }: Can<WriteFiles>,
    State(state): State<ApiState>,
    once: Once,
    request: Request,
) -> Result<Response> {
    layer::limit_uploads(&state, ctx.caller.user_id).await?;
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let Form { upload, ticket } = match Form::read(&state, &parts.headers, &mut body).await {
        Ok(form) => form,
        Err(e) => {
            hear_out(&parts.headers, &mut body).await;
            return Err(e.into());
        }
    };
    let render = |file: &File| {
        let location = format!("{}/files/{}", v1::PREFIX, file.id);
        reply::created(&FileBody::new(file.clone(), None), Some(location), Some(file.version))
    };
    let digest = fingerprint(&upload.digest(), ticket.as_deref());
    let remember = once.remember(Some(ctx.caller.user_id), &digest, render);
    let ticket = ticket.as_deref().map(ticket_ref).transpose()?;
    reply::outcome(upload.finish(&ctx, ticket, remember).await?, render)
}

/// The parts of an upload.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Upload, example = json!({"file": "<the bytes>", "ticket_id": "42"}))]
#[expect(dead_code, reason = "describes the body for the document")]
struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The id or the number of the ticket that it is evidence of.
    #[schema(nullable = false, example = "42")]
    ticket_id: Option<String>,
}

/// A form that was read to its end: its file is stored, but not kept yet.
struct Form {
    upload: Upload,
    ticket: Option<String>,
}

/// The same while it is read.
#[derive(Default)]
struct Draft {
    upload: Option<Upload>,
    ticket: Option<String>,
    faults: Faults,
}

impl Form {
    async fn read(
        state: &ApiState,
        headers: &HeaderMap,
        body: &mut BodyDataStream,
    ) -> Result<Self, Error> {
        let boundary = boundary(headers)?;
        let most = state.app.config().max_upload_bytes + AROUND_BYTES;
        if announced(headers).is_some_and(|bytes| bytes > most) {
            return Err(too_large(state));
        }
        let limit = SizeLimit::new().whole_stream(most);
        let mut multipart =
            Multipart::with_constraints(body, boundary, Constraints::new().size_limit(limit));
        let mut draft = Draft::default();
        let filled = timeout(state.config.upload_timeout, draft.fill(state, &mut multipart)).await;
        let filled = filled.unwrap_or_else(|_| Err(too_slow()));
        match filled.and_then(|()| draft.check()) {
            Ok(()) => {}
            Err(e) => {
                if let Some(upload) = &mut draft.upload {
                    upload.give_up().await;
                }
                return Err(e);
            }
        }
        let upload = draft.upload.ok_or_else(|| Error::internal("a form without a file passed"))?;
        Ok(Self { upload, ticket: draft.ticket })
    }
}

impl Draft {
    async fn fill(&mut self, state: &ApiState, form: &mut Multipart<'_>) -> Result<(), Error> {
        let mut parts = 0;
        while let Some(field) = next(state, form.next_field()).await? {
            parts += 1;
            if parts > MOST_PARTS {
                return Err(Error::new(ErrorCode::Malformed, "The form has too many parts."));
            }
            match field.name() {
                Some("file") if self.upload.is_some() => {
                    self.faults.body("/file", "One file is uploaded at a time.");
                    return Ok(());
                }
                Some("file") => self.take_file(state, field).await?,
                Some("ticket_id") => self.take_ticket(state, field).await?,
                name => {
                    let pointer = format!("/{}", name.unwrap_or_default().escape_debug());
                    self.faults.body(pointer, "There is no such part; send file and ticket_id.");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn take_file(&mut self, state: &ApiState, mut part: Field<'_>) -> Result<(), Error> {
        let filename = FileName::label(part.file_name().unwrap_or_default());
        let upload = self.upload.insert(state.app.begin_upload(filename).await?);
        while let Some(bytes) = next(state, part.chunk()).await? {
            upload.push(Vec::from(bytes)).await?;
        }
        Ok(())
    }

    async fn take_ticket(&mut self, state: &ApiState, mut part: Field<'_>) -> Result<(), Error> {
        let mut text = Vec::new();
        while let Some(bytes) = next(state, part.chunk()).await? {
            text.extend_from_slice(&bytes);
            if text.len() > MOST_TEXT_BYTES {
                self.faults.body("/ticket_id", "This is no id or number of a ticket.");
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        if self.ticket.is_some() {
            self.faults.body("/ticket_id", "This part stands more than once.");
        }
        // Forms of browsers send what was left empty.
        self.ticket = Some(text).filter(|text| !text.is_empty());
        Ok(())
    }

    fn check(&mut self) -> Result<(), Error> {
        if self.upload.is_none() && self.faults.is_empty() {
            self.faults.body("/file", "This part is required.");
        }
        if let Some(text) = &self.ticket
            && ticket_ref(text).is_err()
        {
            self.faults.body("/ticket_id", "This is no id or number of a ticket.");
        }
        std::mem::take(&mut self.faults).finish(Some(()))
    }
}

fn ticket_ref(text: &str) -> Result<TicketRef, Error> {
    let why = "This is no id or number of a ticket.";
    text.parse().map_err(|_| Error::invalid_body("/ticket_id", why))
}

/// The next piece of the form.
async fn next<T>(
    state: &ApiState,
    next: impl Future<Output = multer::Result<T>>,
) -> Result<T, Error> {
    next.await.map_err(|e| match e {
        multer::Error::StreamSizeExceeded { .. } => too_large(state),
        e if is_caused_by::<TooSlow>(&e) => too_slow(),
        e => malformed().with_source(e),
    })
}

fn boundary(headers: &HeaderMap) -> Result<String, Error> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match multer::parse_boundary(value) {
        Ok(boundary) => Ok(boundary),
        Err(multer::Error::NoBoundary) => {
            Err(Error::new(ErrorCode::Malformed, "The header Content-Type names no boundary."))
        }
        Err(_) => Err(Error::new(
            ErrorCode::UnsupportedMediaType,
            "Send the file as multipart/form-data, in a part named file.",
        )),
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(state: &ApiState) -> Error {
    let most = state.app.config().max_upload_bytes;
    Error::new(ErrorCode::PayloadTooLarge, format!("A file has at most {most} bytes here."))
}

fn too_slow() -> Error {
    Error::new(ErrorCode::RequestTimeout, "The file took too long to arrive; send it again.")
}

fn malformed() -> Error {
    let detail = "The form cannot be read: it is no multipart/form-data, or it ends too early.";
    Error::new(ErrorCode::Malformed, detail)
}

/// Takes what a refused client still sends, within bounds, so that it comes to read the answer. One that
/// waits for the word to go on (RFC 9110, 10.1.1) never gets it.
async fn hear_out(headers: &HeaderMap, body: &mut BodyDataStream) {
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let rest = async {
        let mut heard = 0;
        while let Some(Ok(bytes)) = body.next().await {
            heard += bytes.len();
            if heard > HEARD_OUT_BYTES {
                return;
            }
        }
    };
    // Whether it came to its end makes no difference.
    let _ = timeout(HEARD_OUT, rest).await;
}

/// By what a repeated upload is known: the boundary between the parts is another one each time.
fn fingerprint(digest: &UploadDigest, ticket: Option<&str>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(&digest.sha256.0);
    for text in [digest.filename.as_str(), ticket.unwrap_or_default()] {
        context.update(text.as_bytes());
        context.update(&[0]);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
