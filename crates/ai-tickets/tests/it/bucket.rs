//! Files in a bucket whose server goes away and comes back.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use atc_testkit::{ACCESS_KEY, BUCKET, BucketServer};

use crate::{
    files::{admin, settled, upload},
    program::{Installation, Server, eventually},
};

const MEGABYTES: usize = 16;

fn on_bucket(bucket: &BucketServer) -> Installation {
    Installation::new()
        .with("STORAGE_URL", &format!("s3://{BUCKET}/files"))
        .with("AWS_ENDPOINT_URL", &bucket.url())
        .with("AWS_ACCESS_KEY_ID", ACCESS_KEY.0)
        .with("AWS_SECRET_ACCESS_KEY", ACCESS_KEY.1)
        .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0")
}

/// An upload of which half is sent; the other half goes out when it is asked for.
struct HalfUpload(TcpStream);

impl HalfUpload {
    fn begin(server: &Server, token: &str) -> Self {
        let head =
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"half.bin\"\r\n\r\n";
        let length = head.len() + MEGABYTES * 1_000_000 + "\r\n--b--\r\n".len();
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(
            stream,
            "POST /api/v1/files/upload HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\ncontent-type: multipart/form-data; boundary=b\r\n\
             content-length: {length}\r\n\r\n{head}"
        )
        .unwrap();
        let mut half = Self(stream);
        half.send(MEGABYTES / 2);
        half
    }

    fn send(&mut self, megabytes: usize) {
        for _ in 0..megabytes {
            // The server may have answered, and gone, already.
            let _ = self.0.write_all(&vec![b'x'; 1_000_000]);
        }
    }

    fn end(mut self) -> String {
        self.send(MEGABYTES - MEGABYTES / 2);
        let _ = self.0.write_all(b"\r\n--b--\r\n");
        let mut answer = String::new();
        let _ = self.0.read_to_string(&mut answer);
        answer
    }
}

#[test]
fn a_bucket_that_goes_away_in_the_middle_of_an_upload() {
    let mut bucket = BucketServer::start();
    let installation = on_bucket(&bucket);
    let server = installation.serve();
    let token = admin(&installation, &server);
    let first = upload(&server, &token, "first.txt", b"Before.");
    assert_eq!(settled(&server, &token, &first)["status"], "processed");

    let half = HalfUpload::begin(&server, &token);
    bucket.stop();
    let answer = half.end();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nretry-after: "), "{answer}");
    assert!(answer.contains("/problems/unavailable") && answer.contains("file store"), "{answer}");

    // What needs no bytes goes on, what needs them says so.
    let listed =
        || server.call("GET", "/files?include_total=true", &token, None).body["total"].clone();
    assert_eq!(listed(), 1, "nothing half-written is shown");
    let content = format!("/files/{first}/content");
    let refused = server.call("GET", &content, &token, None);
    assert_eq!(
        (refused.status, refused.body["status"].as_u64()),
        (503, Some(503)),
        "{}",
        refused.body
    );
    assert_eq!(server.upload(&token, "small.txt", b"x").status, 503);
    let health = server.call("GET", "/health", "", None).body;
    assert_ne!(health["components"]["storage"]["status"], "ok", "{health}");
    let ticket =
        serde_json::json!({"title": "t", "description": "", "category": "bug", "priority": "low"});
    assert_eq!(server.call("POST", "/tickets", &token, Some(&ticket)).status, 201);

    bucket.start_again();
    eventually("it is used again", || server.call("GET", &content, &token, None).status == 200);
    let large = vec![b'y'; 12_000_000];
    let second = upload(&server, &token, "second.bin", &large);
    let seen = server.call("GET", &format!("/files/{second}"), &token, None);
    assert_eq!(seen.body["size"], 12_000_000);
    let after = upload(&server, &token, "after.txt", b"After.");
    assert_eq!(settled(&server, &token, &after)["status"], "processed");
    assert_eq!(listed(), 3);
    // Of what was given up, the bucket shows nothing either.
    let shown = || objects(&bucket.folder().join(BUCKET));
    eventually("three objects are there", || shown() == 3);
}

/// How many objects a listing of the bucket would show.
fn objects(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| if entry.path().is_dir() { objects(&entry.path()) } else { 1 })
        .sum()
}

#[test]
fn a_file_that_waits_to_be_read_waits_for_its_bucket() {
    let mut bucket = BucketServer::start();
    let installation = on_bucket(&bucket);
    let api = installation.serve_roles("api", "api.log");
    let token = admin(&installation, &api);
    let file = upload(&api, &token, "note.txt", b"The printer is on fire.");
    bucket.stop();
    let _worker = installation.serve_roles("worker", "worker.log");
    let job =
        || api.call("GET", "/jobs?kind=file.process.v1", &token, None).body["items"][0].clone();
    eventually("it was tried", || job()["attempt"] == 1 && job()["state"] == "ready");
    assert_eq!(
        api.call("GET", &format!("/files/{file}"), &token, None).body["error"],
        serde_json::Value::Null
    );
    bucket.start_again();
    let file = settled(&api, &token, &file);
    assert_eq!(file["status"], "processed", "{file}");
}
