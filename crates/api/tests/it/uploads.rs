//! Large files: announced, sent in parts, completed; and addresses that need no credential.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, time::Duration};

use atc_core::{file::Sha256, user::Role};
use atc_testkit::{Answer, Call, PASSWORD, TestApp, TestDb, on_both_engines};
use aws_lc_rs::digest::{SHA256, digest};
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};

use crate::fixtures::{create_ticket, people};

on_both_engines!(
    a_file_comes_in_parts,
    what_was_not_announced_is_not_kept,
    a_part_keeps_to_its_size_and_its_time,
    an_upload_is_its_announcers_alone,
    an_announcement_has_limits,
    what_is_made_twice_is_made_once,
    what_is_given_up_or_forgotten_leaves_nothing_behind,
    a_link_needs_no_credential_and_ends,
);

const MEBIBYTE: usize = 1024 * 1024;

fn sha256(bytes: &[u8]) -> String {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Sha256(hash).to_string()
}

fn announce<'a>(app: &'a TestApp, token: &str, bytes: &[u8], more: &Value) -> Call<'a> {
    let mut body =
        json!({"filename": "../a film.txt", "size": bytes.len(), "sha256": sha256(bytes)});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.post("/files/uploads").bearer(token).json(&body)
}

/// Sends every part where the answer says; gives their tags.
async fn send(app: &TestApp, upload: &Answer, bytes: &[u8]) -> Vec<String> {
    let part_size = upload.body["part_size"].as_u64().unwrap();
    let mut tags = Vec::new();
    let chunks = bytes.chunks(usize::try_from(part_size).unwrap());
    for (part, chunk) in upload.body["parts"].as_array().unwrap().iter().zip(chunks) {
        assert_eq!(part["method"], "PUT");
        assert_eq!(part["headers"]["Content-Length"], chunk.len().to_string());
        let call = app.call(Method::PUT, part["url"].as_str().unwrap());
        let stored = call.raw("application/octet-stream", chunk.to_vec()).await.expect(204);
        tags.push(stored.header("etag").to_owned());
    }
    tags
}

fn complete<'a>(app: &'a TestApp, token: &str, upload: &Answer, tags: &[String]) -> Call<'a> {
    let path = format!("/files/uploads/{}/complete", upload.text("/id"));
    app.post(&path).bearer(token).json(&json!({"etags": tags}))
}

/// How many files lie in the store, parts and unfinished ones included.
fn stored(folder: &Path) -> usize {
    let shelves = std::fs::read_dir(folder).expect("the folder of files");
    let files = |shelf: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_dir(shelf.expect("a shelf").path()).expect("a shelf").count()
    };
    shelves.map(files).sum()
}

async fn a_file_comes_in_parts(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.max_upload_bytes = 64 * 1024 * 1024);
    let user = people(&app).await.user;
    let ticket = create_ticket(&app, &user, "It does not play").await.text("/id");
    let bytes = b"All work and no play. ".repeat(17 * MEBIBYTE / 22);
    let upload = announce(&app, &user, &bytes, &json!({"ticket_id": ticket})).await.expect(201);
    assert_eq!(upload.text("/filename"), "a film.txt");
    assert_eq!(upload.text("/expires_at"), "2026-01-31T13:00:00Z");
    assert_eq!(upload.body["parts"].as_array().unwrap().len(), 2);
    let place = format!("/api/v1/files/uploads/{}", upload.text("/id"));
    assert_eq!(upload.header("location"), place);
    // Its addresses are given again, as after a crash of the client.
    let again = app.get(&place).bearer(&user).await.expect(200);
    let tags = send(&app, &again, &bytes).await;

    let file = complete(&app, &user, &upload, &tags).await.expect(201);
    assert_eq!(file.text("/id"), upload.text("/id"));
    assert_eq!(file.text("/status"), "queued");
    assert_eq!(file.text("/sha256"), sha256(&bytes));
    assert_eq!(file.text("/content_type"), "text/plain");
    assert_eq!(file.text("/ticket_id"), ticket);
    let path = format!("/files/{}/content", file.text("/id"));
    assert_eq!(app.get(&path).bearer(&user).await.expect(200).bytes, bytes);
    assert_eq!(stored(app.files.path()), 1);
    let trail = app.get(&format!("/tickets/{ticket}/events")).bearer(&user).await.expect(200);
    assert!(trail.body.to_string().contains("a film.txt"));

    // A client that did not hear the answer asks again.
    let repeated = complete(&app, &user, &upload, &tags).await.expect(201);
    assert_eq!(repeated.text("/id"), file.text("/id"));
    app.get(&place).bearer(&user).await.expect(404);
    // Nobody changes what was checked.
    let late = app.call(Method::PUT, &again.text("/parts/0/url"));
    late.raw("application/octet-stream", vec![0; 16 * MEBIBYTE]).await.expect(404);
}

async fn what_was_not_announced_is_not_kept(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let upload = announce(&app, &user, b"What I said", &json!({})).await.expect(201);
    let tags = send(&app, &upload, b"What I sent").await;
    let path = format!("/files/uploads/{}", upload.text("/id"));

    // Tags of another number of parts are a fault that can be mended.
    let both = [tags.as_slice(), tags.as_slice()].concat();
    assert_eq!(complete(&app, &user, &upload, &both).await.expect(422).faults(), ["/etags"]);
    app.get(&path).bearer(&user).await.expect(200);

    let refused = complete(&app, &user, &upload, &tags).await.expect(422);
    assert!(refused.body.to_string().contains(&sha256(b"What I sent")), "{}", refused.body);
    app.get(&path).bearer(&user).await.expect(404);
    app.get(&format!("/files/{}", upload.text("/id"))).bearer(&user).await.expect(404);
    assert_eq!(stored(app.files.path()), 0);

    let upload = announce(&app, &user, b"Never sent", &json!({})).await.expect(201);
    let tag = vec!["\"a\"".to_owned()];
    assert_eq!(complete(&app, &user, &upload, &tag).await.expect(422).faults(), ["/etags"]);
    // It may still be sent.
    let tags = send(&app, &upload, b"Never sent").await;
    complete(&app, &user, &upload, &tags).await.expect(201);
}

async fn a_part_keeps_to_its_size_and_its_time(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let upload = announce(&app, &user, b"0123456789", &json!({})).await.expect(201);
    let url = upload.text("/parts/0/url");
    let put =
        |bytes: &[u8]| app.call(Method::PUT, &url).raw("application/octet-stream", bytes.to_vec());
    assert_eq!(put(b"01234567890").await.expect(413).problem(), "payload-too-large");
    assert_eq!(put(b"012345678").await.expect(400).problem(), "malformed-request");
    assert_eq!(stored(app.files.path()), 0);
    put(b"9876543210").await.expect(204);
    // The last one counts.
    put(b"0123456789").await.expect(204);
    let other = if url.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{other}", &url[..url.len() - 1]);
    app.call(Method::PUT, &forged).raw("application/octet-stream", "x").await.expect(404);
    // An address for writing is none for reading.
    app.get(&url.replace("/parts/", "/links/")).await.expect(404);
    app.clock.advance(TimeDelta::hours(1));
    put(b"0123456789").await.expect(404);
    let tag = vec!["\"a\"".to_owned()];
    let login = json!({"email": "user@example.com", "password": PASSWORD});
    let user = app.post("/auth/login").json(&login).await.expect(200).text("/access_token");
    complete(&app, &user, &upload, &tag).await.expect(404);
}

async fn an_upload_is_its_announcers_alone(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let upload = announce(&app, &people.user, b"Mine", &json!({})).await.expect(201);
    let tags = send(&app, &upload, b"Mine").await;
    let path = format!("/files/uploads/{}", upload.text("/id"));
    // Not even an administrator finishes what somebody else began.
    for other in [&people.agent, &people.admin] {
        app.get(&path).bearer(other).await.expect(404);
        app.delete(&path).bearer(other).await.expect(404);
        complete(&app, other, &upload, &tags).await.expect(404);
    }
    let file = complete(&app, &people.user, &upload, &tags).await.expect(201);
    assert_eq!(file.text("/uploaded_by/email"), "user@example.com");
    complete(&app, &people.admin, &upload, &tags).await.expect(404);
}

async fn an_announcement_has_limits(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.uploads_per_minute = 3);
    let people = people(&app).await;
    let post = |body: Value| app.post("/files/uploads").bearer(&people.user).json(&body);
    let faults = post(json!({"size": 0, "sha256": "ab", "ticket_id": "?"})).await.expect(422);
    assert_eq!(faults.faults(), ["/filename", "/sha256", "/size", "/ticket_id"]);
    let large = json!({"filename": "a", "size": MEBIBYTE + 1, "sha256": "ab".repeat(32)});
    assert_eq!(post(large).await.expect(413).problem(), "payload-too-large");
    let theirs = create_ticket(&app, &people.agent, "Not yours").await.text("/id");
    let other = announce(&app, &people.user, b"a", &json!({"ticket_id": theirs})).await.expect(422);
    assert_eq!(other.faults(), ["/ticket_id"]);
    let fourth = announce(&app, &people.user, b"a", &json!({})).await.expect(429);
    assert_eq!(fourth.problem(), "rate-limited");
    assert_eq!(stored(app.files.path()), 0);
}

async fn what_is_made_twice_is_made_once(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let once = || announce(&app, &user, b"Once", &json!({})).header("idempotency-key", "one");
    let upload = once().await.expect(201);
    let replayed = once().await.expect(201);
    assert_eq!(replayed.header("idempotent-replayed"), "true");
    assert_eq!(replayed.body, upload.body);
    let tags = send(&app, &upload, b"Once").await;
    let finish = || complete(&app, &user, &upload, &tags).header("idempotency-key", "two");
    let (one, two) = tokio::join!(finish().into_future(), finish().into_future());
    let made = [one, two].into_iter().find(|a| a.status == 201).expect("one of them makes it");
    let replayed = finish().await.expect(201);
    assert_eq!(replayed.header("idempotent-replayed"), "true");
    assert_eq!(replayed.body, made.body);
    assert_eq!(stored(app.files.path()), 1);
}

async fn what_is_given_up_or_forgotten_leaves_nothing_behind(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let upload = announce(&app, &user, b"Given up", &json!({})).await.expect(201);
    let path = format!("/files/uploads/{}", upload.text("/id"));
    send(&app, &upload, b"Given up").await;
    assert_eq!(stored(app.files.path()), 1);
    app.delete(&path).bearer(&user).await.expect(204);
    assert_eq!(stored(app.files.path()), 0);
    app.delete(&path).bearer(&user).await.expect(404);

    let forgotten = announce(&app, &user, b"Forgotten", &json!({})).await.expect(201);
    send(&app, &forgotten, b"Forgotten").await;
    app.clock.advance(TimeDelta::hours(2));
    let then = db.store.jobs().now().await.unwrap() - TimeDelta::hours(2);
    let tx = db.store.begin().await.unwrap();
    tx.jobs().begin_schedule("upload.sweep.v1", "*/10 * * * *", then).await.unwrap();
    tx.commit().await.unwrap();
    app.app.start_background();
    let swept = async {
        while stored(app.files.path()) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), swept).await.expect("a sweep");
    app.app.shut_down().await;
}

async fn a_link_needs_no_credential_and_ends(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let other = app.login_as(Role::User, "other@example.com").await;
    let page = b"<!DOCTYPE html><html><script>alert(1)</script></html>";
    let upload = announce(&app, &people.user, page, &json!({})).await.expect(201);
    let tags = send(&app, &upload, page).await;
    let id = complete(&app, &people.user, &upload, &tags).await.expect(201).text("/id");
    let path = format!("/files/{id}/link");
    app.get(&path).await.expect(401);
    app.get(&path).bearer(&other).await.expect(404);
    let link = app.get(&path).bearer(&people.user).await.expect(200);
    assert_eq!(link.text("/expires_at"), "2026-01-31T12:05:00Z");
    let url = link.text("/url");
    let content = app.get(&url).await.expect(200);
    assert_eq!(content.bytes, page);
    assert_eq!(content.header("content-type"), "application/octet-stream");
    assert!(content.header("content-disposition").starts_with("attachment"));
    assert_eq!(app.get(&url).header("range", "bytes=0-1").await.expect(206).bytes, b"<!");
    let sent_on = app.get(&format!("/files/{id}/content?redirect=true")).bearer(&people.user);
    let sent_on = sent_on.await.expect(307);
    assert_eq!(app.get(sent_on.header("location")).await.expect(200).bytes, page);
    // It is for reading this and nothing else.
    let put = app.call(Method::PUT, &url.replace("/links/", "/parts/"));
    put.raw("application/octet-stream", "x").await.expect(404);
    app.clock.advance(TimeDelta::minutes(5));
    app.get(&url).await.expect(404);
    app.delete(&format!("/files/{id}")).bearer(&people.user).await.expect(204);
    app.get(sent_on.header("location")).await.expect(404);
}
