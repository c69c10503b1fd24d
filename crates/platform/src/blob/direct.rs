//! What clients ask of a bucket without this program between: addresses that are signed for one request and
//! a short time (AWS Signature Version 4, by query parameters).
//!
//! An upload is always one in parts, also where it has only one: once it is joined, no address of a part
//! serves any more, so that nobody changes what was checked.

use std::{sync::Arc, time::Duration};

use atc_core::ports::{BlobError, ReadAs, UploadPart};
use object_store::{
    aws::AmazonS3,
    multipart::{MultipartStore, PartId},
    path::Path,
    signer::{Method, SignedUrlOptions, Signer, Url},
};

use super::{object::failed, signature::with_length};

/// How S3 says that parts do not fit together.
const MISFITS: [&str; 5] =
    ["NoSuchUpload", "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"];

/// A bucket that clients reach themselves.
pub(super) struct Direct {
    /// As this program reaches it.
    pub own: Arc<AmazonS3>,
    /// As clients reach it: signs, and sends nothing.
    pub public: AmazonS3,
}

impl Direct {
    pub(super) async fn begin(&self, path: &Path) -> Result<String, BlobError> {
        self.own.create_multipart(path).await.map_err(failed)
    }

    pub(super) async fn part_link(
        &self,
        path: &Path,
        upload: &str,
        part: UploadPart,
        lasting: Duration,
    ) -> Result<String, BlobError> {
        let number = part.number.to_string();
        let options = SignedUrlOptions::default()
            .with_query([("partNumber", number.as_str()), ("uploadId", upload)]);
        let by = self.public.credentials().get_credential().await.map_err(failed)?;
        let signed = self.link(Method::PUT, path, lasting, &options).await?;
        let bound = with_length(&signed, part.size, &by);
        bound.map(String::from).ok_or_else(|| failed("a signed address is of another form"))
    }

    pub(super) async fn read_link(
        &self,
        path: &Path,
        read_as: ReadAs,
        lasting: Duration,
    ) -> Result<String, BlobError> {
        let options = SignedUrlOptions::default().with_query([
            ("response-content-disposition", read_as.disposition),
            ("response-content-type", read_as.content_type),
        ]);
        self.link(Method::GET, path, lasting, &options).await.map(String::from)
    }

    async fn link(
        &self,
        method: Method,
        path: &Path,
        lasting: Duration,
        options: &SignedUrlOptions,
    ) -> Result<Url, BlobError> {
        self.public.signed_url_opts(method, path, lasting, options).await.map_err(failed)
    }

    pub(super) async fn join(
        &self,
        path: &Path,
        upload: &str,
        tags: &[String],
    ) -> Result<(), BlobError> {
        let parts = tags.iter().map(|tag| PartId { content_id: tag.clone() }).collect();
        match self.own.complete_multipart(path, &upload.to_owned(), parts).await {
            Ok(_) => Ok(()),
            Err(e @ object_store::Error::NotFound { .. }) => Err(BlobError::Parts(e.into())),
            Err(e) if says_misfit(&e) => Err(BlobError::Parts(e.into())),
            Err(e) => Err(failed(e)),
        }
    }

    pub(super) async fn forget(&self, path: &Path, upload: &str) -> Result<(), BlobError> {
        match self.own.abort_multipart(path, &upload.to_owned()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed(e)),
        }
    }
}

fn says_misfit(e: &object_store::Error) -> bool {
    let text = e.to_string();
    MISFITS.iter().any(|code| text.contains(code))
}
