//! One list of promises for every store of bytes.

use std::{fs::File, io::Read, os::fd::OwnedFd, path::Path};

use atc_core::{
    file::BlobKey,
    ports::{BlobError, BlobStore},
};
use atc_platform::blob::{ObjectBlobs, S3Config};
use atc_testkit::{ACCESS_KEY, BUCKET, BucketServer};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use uuid::Uuid;

fn key(n: u128) -> BlobKey {
    BlobKey::of(Uuid::from_u128(n))
}

async fn write(blobs: &dyn BlobStore, key: &BlobKey, parts: &[&[u8]]) {
    let mut writer = blobs.write(key).await.unwrap();
    for part in parts {
        writer.push(part.to_vec()).await.unwrap();
    }
    writer.finish().await.unwrap();
}

async fn read(
    blobs: &dyn BlobStore,
    key: &BlobKey,
    range: Option<std::ops::Range<u64>>,
) -> Vec<u8> {
    let mut reader = blobs.read(key, range).await.unwrap();
    let mut all = Vec::new();
    while let Some(bytes) = reader.next().await {
        all.extend(bytes.unwrap());
    }
    all
}

fn content(file: OwnedFd) -> Vec<u8> {
    let mut all = Vec::new();
    File::from(file).read_to_end(&mut all).unwrap();
    all
}

/// What every store promises.
async fn keeps_its_promises(blobs: &dyn BlobStore) {
    blobs.check().await.unwrap();
    let (small, large, empty) = (key(1), key(0x1_0002), key(3));
    let megabyte: Vec<u8> =
        (0..1_048_576_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    write(blobs, &small, &[b"hello ", b"world"]).await;
    write(blobs, &large, &[megabyte.as_slice(); 12]).await;
    write(blobs, &empty, &[]).await;

    assert_eq!(read(blobs, &small, None).await, b"hello world");
    assert_eq!(read(blobs, &small, Some(6..8)).await, b"wo");
    assert_eq!(read(blobs, &empty, None).await, b"");
    let middle = read(blobs, &large, Some(1_048_570..1_048_580)).await;
    assert_eq!(middle, [&megabyte[1_048_570..], &megabyte[..4]].concat());
    assert_eq!(content(blobs.open(&small).await.unwrap()), b"hello world");
    assert_eq!(content(blobs.open(&large).await.unwrap()).len(), 12 * 1_048_576);

    // What is given up is not there.
    let given_up = key(4);
    let mut writer = blobs.write(&given_up).await.unwrap();
    writer.push(megabyte.clone()).await.unwrap();
    writer.abort().await;
    assert!(matches!(blobs.read(&given_up, None).await, Err(BlobError::Missing(_))));
    assert!(matches!(blobs.open(&given_up).await, Err(BlobError::Missing(_))));

    let mut keys = vec![small.clone(), large.clone(), empty.clone()];
    keys.sort();
    assert_eq!(all(blobs).await, keys);

    blobs.delete(&small).await.unwrap();
    blobs.delete(&small).await.unwrap();
    assert!(matches!(blobs.read(&small, None).await, Err(BlobError::Missing(_))));
    assert_eq!(all(blobs).await.len(), 2);
}

async fn all(blobs: &dyn BlobStore) -> Vec<BlobKey> {
    let mut keys = Vec::new();
    for shelf in 0..=u8::MAX {
        keys.extend(blobs.list(shelf).await.unwrap().into_iter().map(|blob| blob.key));
    }
    keys.sort();
    keys
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for shelf in std::fs::read_dir(folder).unwrap() {
        let entries = std::fs::read_dir(shelf.unwrap().path()).unwrap();
        names.extend(entries.map(|e| e.unwrap().file_name().into_string().unwrap()));
    }
    names.sort();
    names
}

#[tokio::test]
async fn a_folder_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&ObjectBlobs::in_folder(folder.path()).unwrap()).await;
    assert_eq!(files_below(folder.path()).len(), 2);
}

#[tokio::test]
async fn what_a_killed_process_left_unfinished_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::in_folder(folder.path()).unwrap();
    write(&blobs, &key(1), &[b"whole"]).await;
    let mut writer = blobs.write(&key(2)).await.unwrap();
    writer.push(vec![7; 6 * 1024 * 1024]).await.unwrap();
    // The process is killed here: nobody drops the writer.
    std::mem::forget(writer);
    assert_eq!(files_below(folder.path()).len(), 2);
    assert_eq!(all(&blobs).await, [key(1)]);

    let long_ago = DateTime::<Utc>::UNIX_EPOCH;
    assert_eq!(blobs.forget_unfinished(long_ago).await.unwrap(), 0);
    let written = blobs.list(1).await.unwrap()[0].written_at;
    let soon = written + TimeDelta::hours(1);
    assert_eq!(blobs.forget_unfinished(soon).await.unwrap(), 1);
    assert_eq!(files_below(folder.path()).len(), 1);
    assert_eq!(read(&blobs, &key(1), None).await, b"whole");
}

#[tokio::test]
async fn a_bucket_keeps_its_promises() {
    let server = BucketServer::start();
    let config = |secret: &str| S3Config {
        bucket: BUCKET.to_owned(),
        prefix: "files/here".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(server.url()),
        credentials: Some((ACCESS_KEY.0.to_owned(), SecretString::from(secret))),
    };
    keeps_its_promises(&ObjectBlobs::in_bucket(&config(ACCESS_KEY.1)).unwrap()).await;
    let stranger = ObjectBlobs::in_bucket(&config("another")).unwrap();
    assert!(stranger.check().await.is_err());
    assert!(stranger.read(&key(3), None).await.is_err());
}
