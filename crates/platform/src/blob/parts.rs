//! Parts of uploads that come through this program: each is stored by itself until all are joined.

use atc_core::{file::BlobKey, ports::BlobError};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use object_store::{ObjectStoreExt, path::Path};

use super::{ObjectBlobs, object::failed};

/// The folder of parts; no shelf has this name.
const FOLDER: &str = "parts";

impl ObjectBlobs {
    pub(super) fn part_path(&self, key: &BlobKey, number: u32) -> Path {
        let name = key.as_str().rsplit('/').next().unwrap_or_default();
        self.prefix.clone().join(FOLDER).join(format!("{name}.{number}"))
    }

    /// Copies part by part, so that no writer of a part can change the whole.
    pub(super) async fn join_own_parts(
        &self,
        key: &BlobKey,
        count: usize,
    ) -> Result<(), BlobError> {
        let count = u32::try_from(count).map_err(failed)?;
        let mut writer = self.write_at(&self.path(key)).await?;
        for number in 1..=count {
            let part = match self.store.get(&self.part_path(key, number)).await {
                Ok(part) => part,
                Err(e) => {
                    writer.abort().await;
                    return Err(match e {
                        e @ object_store::Error::NotFound { .. } => BlobError::Parts(e.into()),
                        e => failed(e),
                    });
                }
            };
            let mut bytes = part.into_stream();
            while let Some(some) = bytes.next().await {
                writer.push(some.map_err(failed)?.into()).await?;
            }
        }
        writer.finish().await?;
        self.forget_own_parts(key, count).await
    }

    pub(super) async fn forget_own_parts(
        &self,
        key: &BlobKey,
        count: u32,
    ) -> Result<(), BlobError> {
        for number in 1..=count {
            match self.store.delete(&self.part_path(key, number)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(failed(e)),
            }
        }
        Ok(())
    }

    /// Forgets parts that were stored after their upload had ended.
    pub(super) async fn forget_old_parts(&self, before: DateTime<Utc>) -> Result<u64, BlobError> {
        let folder = self.prefix.clone().join(FOLDER);
        let mut found = self.store.list(Some(&folder));
        let mut forgotten = 0;
        while let Some(part) = found.next().await {
            let part = part.map_err(failed)?;
            if part.last_modified < before {
                self.store.delete(&part.location).await.map_err(failed)?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }
}
