//! One list of promises for every store of bytes.

use std::{fs::File, io::Read, os::fd::OwnedFd, path::Path, time::Duration};

use atc_core::{
    file::BlobKey,
    ports::{BlobError, BlobStore, ReadAs, UploadPart},
};
use atc_platform::blob::{Clients, ObjectBlobs, S3Config};
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

/// What every store promises of parts that clients send to this program.
async fn takes_parts_that_pass_through(blobs: &dyn BlobStore) {
    let whole = key(0x21);
    assert_eq!(blobs.begin_parts(&whole).await.unwrap(), None);
    for (number, bytes) in [(2, "world"), (1, "never"), (1, "hello ")] {
        let mut writer = blobs.write_part(&whole, number).await.unwrap();
        writer.push(bytes.into()).await.unwrap();
        writer.finish().await.unwrap();
    }
    assert!(matches!(blobs.read(&whole, None).await, Err(BlobError::Missing(_))));
    let tags = |count| vec![String::new(); count];
    let three = blobs.join_parts(&whole, None, &tags(3)).await;
    assert!(matches!(three, Err(BlobError::Parts(_))), "{three:?}");
    blobs.join_parts(&whole, None, &tags(2)).await.unwrap();
    assert_eq!(read(blobs, &whole, None).await, b"hello world");
    // Whoever did not hear of it does it again.
    blobs.join_parts(&whole, None, &tags(2)).await.unwrap();
    blobs.forget_parts(&whole, None, 2).await.unwrap();
    let read_as = ReadAs { content_type: "text/plain".into(), disposition: "attachment".into() };
    let link = blobs.read_link(&whole, read_as, Duration::from_mins(1)).await.unwrap();
    assert_eq!(link, None);
    blobs.delete(&whole).await.unwrap();

    let mut writer = blobs.write_part(&key(0x22), 1).await.unwrap();
    writer.push(b"left behind".to_vec()).await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(blobs.forget_unfinished(DateTime::<Utc>::UNIX_EPOCH).await.unwrap(), 0);
    assert_eq!(blobs.forget_unfinished(DateTime::<Utc>::MAX_UTC).await.unwrap(), 1);
}

#[tokio::test]
async fn a_folder_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::in_folder(folder.path()).unwrap();
    keeps_its_promises(&blobs).await;
    assert_eq!(files_below(folder.path()).len(), 2);
    takes_parts_that_pass_through(&blobs).await;
}

/// What stands for the status where the server ended the connection before the body was sent: it refuses
/// so early.
const CUT_OFF: u16 = 0;

/// A request to an address as anybody may make it: status, tag and body.
async fn ask(method: &'static str, url: &str, body: Vec<u8>) -> (u16, String, Vec<u8>) {
    let url = url.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let answered = match method {
            "PUT" => agent.put(&url).send(body),
            _ => agent.get(&url).call(),
        };
        let mut answer = match answered {
            Err(ureq::Error::Io(_)) => return (CUT_OFF, String::new(), Vec::new()),
            answered => answered.unwrap(),
        };
        let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        let body = answer.body_mut().read_to_vec().unwrap();
        (answer.status().as_u16(), tag.unwrap_or_default(), body)
    });
    asked.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_send_parts_to_a_bucket_themselves() {
    let server = BucketServer::start();
    let url = server.url();
    let address = url.trim_start_matches("http://");
    let port = address.rsplit_once(':').unwrap().1;
    let blobs = ObjectBlobs::in_bucket(&S3Config {
        bucket: BUCKET.to_owned(),
        prefix: String::new(),
        region: "us-east-1".to_owned(),
        // Where this program reaches it is another name of the same server.
        endpoint: Some(format!("http://localhost:{port}")),
        clients: Clients::Address(format!("http://{address}")),
        credentials: Some((ACCESS_KEY.0.to_owned(), SecretString::from(ACCESS_KEY.1))),
    })
    .unwrap();
    let whole = key(0x31);
    let upload = blobs.begin_parts(&whole).await.unwrap().unwrap();
    let large = vec![7; 5 * 1024 * 1024];
    let mut tags = Vec::new();
    for (number, bytes) in [(1, large.clone()), (2, b"the end".to_vec())] {
        let part = UploadPart { number, size: bytes.len() as u64 };
        let url = blobs.part_link(&whole, &upload, part, Duration::from_mins(1)).await.unwrap();
        assert!(url.starts_with(&format!("http://{address}/{BUCKET}/31/")), "{url}");
        // Another size than announced, another part, or another word in the signature is refused.
        let (status, ..) = ask("PUT", &url, b"too long".repeat(1_000_000)).await;
        assert!([403, CUT_OFF].contains(&status), "{status}");
        let other = url.replace(&format!("partNumber={number}"), "partNumber=9");
        let (status, ..) = ask("PUT", &other, bytes.clone()).await;
        assert!([403, CUT_OFF].contains(&status), "{status}");
        assert_eq!(ask("GET", &url, Vec::new()).await.0, 403);
        let (status, tag, _) = ask("PUT", &url, bytes).await;
        assert_eq!(status, 200);
        tags.push(tag);
    }
    assert!(matches!(blobs.read(&whole, None).await, Err(BlobError::Missing(_))));
    blobs.join_parts(&whole, Some(&upload), &tags).await.unwrap();
    blobs.join_parts(&whole, Some(&upload), &tags).await.unwrap();
    assert_eq!(read(&blobs, &whole, Some(5_242_880..5_242_887)).await, b"the end");
    // An address of a part serves no more: nobody changes what was joined.
    let part = UploadPart { number: 2, size: 7 };
    let late = blobs.part_link(&whole, &upload, part, Duration::from_mins(1)).await.unwrap();
    assert_ne!(ask("PUT", &late, b"another".to_vec()).await.0, 200);
    assert_eq!(read(&blobs, &whole, Some(5_242_880..5_242_887)).await, b"the end");

    let read_as = ReadAs { content_type: "text/plain".into(), disposition: "attachment".into() };
    let link = blobs.read_link(&whole, read_as, Duration::from_mins(1)).await.unwrap().unwrap();
    let (status, _, body) = ask("GET", &link, Vec::new()).await;
    assert_eq!((status, body.len()), (200, large.len() + 7));
    assert_eq!(ask("GET", &link.replace("attachment", "inline"), Vec::new()).await.0, 403);

    let given_up = key(0x32);
    let upload = blobs.begin_parts(&given_up).await.unwrap().unwrap();
    blobs.forget_parts(&given_up, Some(&upload), 1).await.unwrap();
    let none = blobs.join_parts(&given_up, Some(&upload), &["\"a\"".to_owned()]).await;
    assert!(none.is_err());
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
        clients: Clients::SameAddress,
        credentials: Some((ACCESS_KEY.0.to_owned(), SecretString::from(secret))),
    };
    keeps_its_promises(&ObjectBlobs::in_bucket(&config(ACCESS_KEY.1)).unwrap()).await;
    let through_us = S3Config { clients: Clients::ThroughUs, ..config(ACCESS_KEY.1) };
    takes_parts_that_pass_through(&ObjectBlobs::in_bucket(&through_us).unwrap()).await;
    let stranger = ObjectBlobs::in_bucket(&config("another")).unwrap();
    assert!(stranger.check().await.is_err());
    assert!(stranger.read(&key(3), None).await.is_err());
}
