//! One way of storing bytes for every store that `object_store` knows.

use std::{
    fs::File,
    io::{self, Seek, Write},
    ops::Range,
    os::fd::OwnedFd,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use atc_core::{
    file::BlobKey,
    ports::{
        BlobError, BlobReader, BlobStore, BlobWriter, BoxFuture, ReadAs, StoredBlob, UploadPart,
    },
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream::BoxStream};
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, WriteMultipart, path::Path};

use super::direct::Direct;

/// How many bytes are sent at once; S3 takes no smaller parts than 5 MiB.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// How many parts may be on their way while the next one is filled.
const PARTS_UNDER_WAY: usize = 1;

/// Bytes in a store that `object_store` knows.
pub struct ObjectBlobs {
    pub(super) store: Arc<dyn ObjectStore>,
    /// What stands before every key.
    pub(super) prefix: Path,
    /// The folder, where it is one of this machine.
    pub(super) folder: Option<PathBuf>,
    /// What clients may ask of the store without this program between.
    pub(super) direct: Option<Direct>,
}

impl ObjectBlobs {
    pub(super) async fn write_at(&self, path: &Path) -> Result<Box<dyn BlobWriter>, BlobError> {
        let upload = self.store.put_multipart(path).await.map_err(failed)?;
        let writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        Ok(Box::new(Writer(writer)))
    }

    pub(super) fn path(&self, key: &BlobKey) -> Path {
        key.as_str().split('/').fold(self.prefix.clone(), Path::join)
    }

    fn key(&self, path: &Path) -> Option<BlobKey> {
        let parts: Vec<_> = path.prefix_match(&self.prefix)?.collect();
        let [folder, name] = parts.as_slice() else { return None };
        BlobKey::parse(&format!("{}/{}", folder.as_ref(), name.as_ref()))
    }
}

pub(super) fn failed(e: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BlobError {
    BlobError::Store(e.into())
}

fn missing_or_failed(key: &BlobKey, e: object_store::Error) -> BlobError {
    match e {
        object_store::Error::NotFound { .. } => BlobError::Missing(key.clone()),
        e => failed(e),
    }
}

impl BlobStore for ObjectBlobs {
    fn write<'a>(&'a self, key: &BlobKey) -> BoxFuture<'a, Result<Box<dyn BlobWriter>, BlobError>> {
        let path = self.path(key);
        Box::pin(async move { self.write_at(&path).await })
    }

    fn read<'a>(
        &'a self,
        key: &'a BlobKey,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Box<dyn BlobReader>, BlobError>> {
        Box::pin(async move {
            let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
            let found = self.store.get_opts(&self.path(key), options).await;
            let found = found.map_err(|e| missing_or_failed(key, e))?;
            Ok(Box::new(Reader(found.into_stream())) as Box<dyn BlobReader>)
        })
    }

    fn delete<'a>(&'a self, key: &'a BlobKey) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            match self.store.delete(&self.path(key)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(e) => Err(failed(e)),
            }
        })
    }

    fn list(&self, shelf: u8) -> BoxFuture<'_, Result<Vec<StoredBlob>, BlobError>> {
        Box::pin(async move {
            let shelf = self.prefix.clone().join(BlobKey::shelf(shelf));
            let mut found = self.store.list(Some(&shelf));
            let mut blobs = Vec::new();
            while let Some(object) = found.next().await {
                let object = object.map_err(failed)?;
                if let Some(key) = self.key(&object.location) {
                    blobs.push(StoredBlob { key, written_at: object.last_modified });
                }
            }
            Ok(blobs)
        })
    }

    fn begin_parts<'a>(
        &'a self,
        key: &'a BlobKey,
    ) -> BoxFuture<'a, Result<Option<String>, BlobError>> {
        Box::pin(async move {
            let Some(direct) = &self.direct else { return Ok(None) };
            direct.begin(&self.path(key)).await.map(Some)
        })
    }

    fn part_link<'a>(
        &'a self,
        key: &'a BlobKey,
        upload: &'a str,
        part: UploadPart,
        lasting: Duration,
    ) -> BoxFuture<'a, Result<String, BlobError>> {
        Box::pin(async move {
            let direct = self.direct.as_ref().ok_or_else(not_direct)?;
            direct.part_link(&self.path(key), upload, part, lasting).await
        })
    }

    fn write_part<'a>(
        &'a self,
        key: &BlobKey,
        number: u32,
    ) -> BoxFuture<'a, Result<Box<dyn BlobWriter>, BlobError>> {
        let path = self.part_path(key, number);
        Box::pin(async move { self.write_at(&path).await })
    }

    fn join_parts<'a>(
        &'a self,
        key: &'a BlobKey,
        upload: Option<&'a str>,
        tags: &'a [String],
    ) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            let joined = match (upload, &self.direct) {
                (Some(upload), Some(direct)) => direct.join(&self.path(key), upload, tags).await,
                (Some(_), None) => Err(not_direct()),
                (None, _) => self.join_own_parts(key, tags.len()).await,
            };
            match joined {
                // Whoever did it before may have died before saying so.
                Err(_) if self.store.head(&self.path(key)).await.is_ok() => Ok(()),
                joined => joined,
            }
        })
    }

    fn forget_parts<'a>(
        &'a self,
        key: &'a BlobKey,
        upload: Option<&'a str>,
        count: u32,
    ) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            match (upload, &self.direct) {
                (Some(upload), Some(direct)) => direct.forget(&self.path(key), upload).await,
                (Some(_), None) => Err(not_direct()),
                (None, _) => self.forget_own_parts(key, count).await,
            }
        })
    }

    fn read_link<'a>(
        &'a self,
        key: &'a BlobKey,
        read_as: ReadAs,
        lasting: Duration,
    ) -> BoxFuture<'a, Result<Option<String>, BlobError>> {
        Box::pin(async move {
            let Some(direct) = &self.direct else { return Ok(None) };
            direct.read_link(&self.path(key), read_as, lasting).await.map(Some)
        })
    }

    fn forget_unfinished(&self, before: DateTime<Utc>) -> BoxFuture<'_, Result<u64, BlobError>> {
        Box::pin(async move {
            let parts = self.forget_old_parts(before).await?;
            let Some(folder) = self.folder.clone() else { return Ok(parts) };
            let unfinished =
                blocking(move || super::fs::forget_unfinished(&folder, before)).await?;
            Ok(parts + unfinished)
        })
    }

    fn open<'a>(&'a self, key: &'a BlobKey) -> BoxFuture<'a, Result<OwnedFd, BlobError>> {
        Box::pin(async move {
            if let Some(folder) = &self.folder {
                let path = folder.join(key.as_str());
                let opened = blocking(move || File::open(path)).await;
                return opened.map(OwnedFd::from).map_err(|e| match &e {
                    BlobError::Store(why) if is_absent(why.as_ref()) => {
                        BlobError::Missing(key.clone())
                    }
                    _ => e,
                });
            }
            let mut reader = self.read(key, None).await?;
            let mut file = blocking(tempfile::tempfile).await?;
            while let Some(bytes) = reader.next().await {
                let bytes = bytes?;
                file = blocking(move || file.write_all(&bytes).map(|()| file)).await?;
            }
            let rewound = blocking(move || file.rewind().map(|()| file)).await?;
            Ok(OwnedFd::from(rewound))
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), BlobError>> {
        Box::pin(async move {
            if let Some(folder) = self.folder.clone() {
                return blocking(move || super::fs::check(&folder)).await;
            }
            match self.store.list(Some(&self.prefix)).next().await {
                None | Some(Ok(_)) => Ok(()),
                Some(Err(e)) => Err(failed(e)),
            }
        })
    }
}

/// `STORAGE_PUBLIC_URL` was changed while an upload was under way.
fn not_direct() -> BlobError {
    failed("an upload that clients send to the store itself, which they do no more")
}

fn is_absent(e: &(dyn std::error::Error + 'static)) -> bool {
    e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::NotFound)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.map_err(failed)?.map_err(failed)
}

struct Writer(WriteMultipart);

impl BlobWriter for Writer {
    fn push(&mut self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), BlobError>> {
        Box::pin(async move {
            self.0.wait_for_capacity(PARTS_UNDER_WAY).await.map_err(failed)?;
            self.0.put(Bytes::from(bytes));
            Ok(())
        })
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<(), BlobError>> {
        Box::pin(async move { self.0.finish().await.map(drop).map_err(failed) })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Err(e) = self.0.abort().await {
                let error = &e as &dyn std::error::Error;
                tracing::warn!(error, "an upload that was given up may have left bytes behind");
            }
        })
    }
}

struct Reader(BoxStream<'static, object_store::Result<Bytes>>);

impl BlobReader for Reader {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<Vec<u8>, BlobError>>> {
        Box::pin(async move {
            let next = self.0.next().await?;
            Some(next.map(Vec::from).map_err(failed))
        })
    }
}
