//! Files: taking them in, giving them out, and what is read in them.

use std::{path::Path, time::Duration};

use atc_testkit::{Answer, Call, TestApp, TestDb, on_both_engines};
use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

use crate::fixtures::{create_ticket, people};

on_both_engines!(
    a_file_is_read_again_while_it_is_read,
    what_is_uploaded_comes_back,
    a_download_can_be_continued,
    a_download_runs_in_no_browser,
    files_are_their_uploaders_and_the_staffs,
    refused_forms_leave_nothing_behind,
    a_broken_upload_leaves_nothing_behind,
    an_upload_is_made_once,
    uploads_have_a_limit_of_their_own,
    what_was_read_is_found_with_its_ticket,
    a_ticket_waits_for_its_files_and_names_the_place,
    what_cannot_be_read_is_a_failed_file,
    a_file_belongs_to_one_ticket,
    a_ticket_takes_its_files_along,
    lists_are_filtered,
);

const BOUNDARY: &str = "b0undary";

fn part(name: &str, filename: Option<&str>, content: &[u8]) -> Vec<u8> {
    let filename = filename.map_or(String::new(), |f| format!("; filename=\"{f}\""));
    let mut part = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n\r\n"
    )
    .into_bytes();
    part.extend_from_slice(content);
    part.extend_from_slice(b"\r\n");
    part
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), format!("--{BOUNDARY}--\r\n").into_bytes()].concat()
}

fn send<'a>(app: &'a TestApp, token: &str, body: impl Into<Body>) -> Call<'a> {
    let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
    app.post("/files/upload").bearer(token).raw(&media_type, body)
}

fn upload<'a>(app: &'a TestApp, token: &str, filename: &str, content: &[u8]) -> Call<'a> {
    send(app, token, form(&[part("file", Some(filename), content)]))
}

/// How many files lie in the store, unfinished ones included.
fn stored(folder: &Path) -> usize {
    let shelves = std::fs::read_dir(folder).expect("the folder of files");
    let files = |shelf: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_dir(shelf.expect("a shelf").path()).expect("a shelf").count()
    };
    shelves.map(files).sum()
}

/// Waits until a file was read, or could not be.
pub async fn settled(app: &TestApp, token: &str, id: &str) -> Answer {
    let path = format!("/files/{id}");
    let wait = async {
        loop {
            let file = app.get(&path).bearer(token).await.expect(200);
            if ["processed", "failed"].contains(&file.text("/status").as_str()) {
                return file;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("a file that is read")
}

async fn what_is_uploaded_comes_back(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let made = upload(&app, &user, "../../notes\u{202e}.bin", &bytes).await.expect(201);
    assert_eq!(made.text("/filename"), "notes.bin");
    assert_eq!(made.text("/content_type"), "application/octet-stream");
    assert_eq!(made.text("/status"), "queued");
    assert_eq!(made.body["size"], 300_000);
    assert_eq!(made.body["extracted"], Value::Null);
    assert_eq!(made.text("/uploaded_by/email"), "user@example.com");
    let path = format!("/api/v1/files/{}", made.text("/id"));
    assert_eq!(made.header("location"), path);

    let content = app.get(&format!("{path}/content")).bearer(&user).await.expect(200);
    assert_eq!(content.bytes, bytes);
    assert_eq!(content.header("content-length"), "300000");
    assert_eq!(content.header("etag"), format!("\"{}\"", made.text("/sha256")));
    let call = app.get(&format!("{path}/content")).bearer(&user);
    call.header("if-none-match", content.header("etag")).await.expect(304);

    assert_eq!(stored(app.files.path()), 1);
    app.delete(&path).bearer(&user).await.expect(204);
    assert_eq!(stored(app.files.path()), 0);
    app.get(&path).bearer(&user).await.expect(404);
    app.get(&format!("{path}/content")).bearer(&user).await.expect(404);
}

async fn a_download_can_be_continued(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let made = upload(&app, &user, "digits.txt", b"0123456789").await.expect(201);
    let path = format!("/files/{}/content", made.text("/id"));
    let ask = |range: &str| app.get(&path).bearer(&user).header("range", range);
    let rest = ask("bytes=4-").await.expect(206);
    assert_eq!(rest.bytes, b"456789");
    assert_eq!(rest.header("content-range"), "bytes 4-9/10");
    assert_eq!(rest.header("content-length"), "6");
    assert_eq!(ask("bytes=-2").await.expect(206).bytes, b"89");
    assert_eq!(ask("nonsense").await.expect(200).bytes, b"0123456789");
    let beyond = ask("bytes=10-").await.expect(416);
    assert_eq!(beyond.problem(), "range-not-satisfiable");
    assert_eq!(beyond.header("content-range"), "bytes */10");
    let same = ask("bytes=4-").header("if-range", rest.header("etag")).await.expect(206);
    assert_eq!(same.bytes, b"456789");
    ask("bytes=4-").header("if-range", "\"another\"").await.expect(200);
}

/// What a browser might run, if it were told or guessed what it is.
const ACTIVE: &[(&str, &[u8])] = &[
    ("page.html", b"<!DOCTYPE html><html><script>alert(1)</script></html>"),
    ("page.txt", b"<html><body onload=alert(1)>"),
    ("page.xhtml", b"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><script>1</script></html>"),
    ("picture.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
    ("picture.svg", b"\xef\xbb\xbf<?xml version=\"1.0\"?><!DOCTYPE svg><svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>"),
    ("picture.png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"),
    ("style.xml", b"<?xml-stylesheet href=\"javascript:alert(1)\"?><x/>"),
    ("feed.rss", b"<?xml version=\"1.0\"?><rss><channel><title>&lt;script&gt;</title></channel></rss>"),
    ("script.js", b"alert(document.domain)"),
    ("script.mjs", b"export default alert(1)"),
    ("style.css", b"body{background:url(javascript:alert(1))}"),
    ("document.pdf", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF"),
    ("flash.swf", b"FWS\x09\x00\x00\x00\x00"),
    ("mail.mhtml", b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>"),
    ("utf16.html", b"\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0a\0l\0e\0r\0t\0(\0)\0"),
    ("utf7.html", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
    ("polyglot.gif", b"GIF89a/*<svg/onload=alert(1)>*/=alert(document.domain)//;"),
    ("polyglot.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR<script>alert(1)</script>"),
    ("polyglot.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF<html><script>alert(1)</script>"),
    ("polyglot.bmp", b"BM=alert(1)//<script>alert(1)</script>"),
    ("polyglot.zip", b"PK\x03\x04<html><script>alert(1)</script>"),
    ("polyglot.pdf", b"<script>alert(1)</script>%PDF-1.4 <html onload=alert(1)>"),
    ("a \"b\" \u{e4}.html", b"<script>alert(1)</script>"),
    ("a.html;.png", b"<script>alert(1)</script>"),
    ("a.png%00.html", b"<script>alert(1)</script>"),
    ("a.html\u{202e}gnp", b"<script>alert(1)</script>"),
];

async fn a_download_runs_in_no_browser(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    for (filename, content) in ACTIVE {
        let made = upload(&app, &user, filename, content).await.expect(201);
        let path = format!("/files/{}/content", made.text("/id"));
        let ask = |method| app.call(method, &path).bearer(&user);
        for answer in [
            ask(http::Method::GET).await.expect(200),
            ask(http::Method::GET).header("range", "bytes=0-3").await.expect(206),
            ask(http::Method::GET).header("accept", "text/html").await.expect(200),
            ask(http::Method::HEAD).await.expect(200),
        ] {
            let media_type = answer.header("content-type").to_lowercase();
            for word in [
                "html",
                "svg",
                "xml",
                "javascript",
                "ecmascript",
                "css",
                "pdf",
                "flash",
                "multipart",
                "message",
            ] {
                assert!(!media_type.contains(word), "{filename}: {media_type}");
            }
            // Text is no more than text because of the next two.
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{filename}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("sandbox;") && policy.contains("default-src 'none'"));
            let disposition = answer.header("content-disposition");
            assert!(disposition.starts_with("attachment; filename=\""), "{disposition}");
            assert!(disposition.bytes().all(|b| (0x20..0x7f).contains(&b)), "{disposition}");
            assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
            assert_eq!(answer.header("x-frame-options"), "DENY");
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
        assert_eq!(ask(http::Method::GET).await.bytes, *content, "{filename}");
    }
}

async fn files_are_their_uploaders_and_the_staffs(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let other = app.login_as(atc_core::user::Role::User, "other@example.com").await;
    let made = upload(&app, &people.user, "a.txt", b"a").await.expect(201);
    let path = format!("/files/{}", made.text("/id"));
    for hidden in [path.clone(), format!("{path}/content")] {
        app.get(&hidden).await.expect(401);
        app.get(&hidden).bearer(&other).await.expect(404);
        app.get(&hidden).bearer(&people.agent).await.expect(200);
    }
    app.delete(&path).bearer(&other).await.expect(404);
    app.post(&format!("{path}/reprocess")).bearer(&other).await.expect(404);
    let list = app.get("/files").bearer(&other).await.expect(200);
    assert_eq!(list.body["items"], json!([]));

    let scopes = json!({"name": "reader", "scopes": ["files:read"]});
    let token = app.post("/tokens").bearer(&people.user).json(&scopes).await.expect(201);
    let token = token.text("/token");
    app.get(&path).bearer(&token).await.expect(200);
    upload(&app, &token, "b.txt", b"b").await.expect(403);
}

async fn refused_forms_leave_nothing_behind(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let file = part("file", Some("a.txt"), b"text");
    let most = vec![b'x'; 1024 * 1024];

    let none = send(&app, &user, form(&[])).await.expect(422);
    assert_eq!(none.faults(), ["/file"]);
    let none = send(&app, &user, form(&[part("ticket_id", None, b"1")])).await.expect(422);
    assert_eq!(none.faults(), ["/file"]);
    let two = send(&app, &user, form(&[file.clone(), file.clone()])).await.expect(422);
    assert_eq!(two.faults(), ["/file"]);
    let unknown = send(&app, &user, form(&[file.clone(), part("x", None, b"1")])).await.expect(422);
    assert_eq!(unknown.faults(), ["/x"]);
    for ticket in ["0", "no", "9999"] {
        let parts = [part("ticket_id", None, ticket.as_bytes()), file.clone()];
        let refused = send(&app, &user, form(&parts)).await.expect(422);
        assert_eq!(refused.faults(), ["/ticket_id"], "{ticket}");
    }
    let large = upload(&app, &user, "large.bin", &[most.as_slice(), b"x"].concat()).await;
    assert_eq!(large.expect(413).problem(), "payload-too-large");
    let announced = send(&app, &user, form(std::slice::from_ref(&file)));
    announced.header("content-length", "99999999999").await.expect(413);

    let whole = form(std::slice::from_ref(&file));
    for cut in [0, 1, 20, 60, whole.len() - 20, whole.len() - 6] {
        send(&app, &user, whole[..cut].to_vec()).await.expect(400);
    }
    let garbage: Vec<u8> = (0..10_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    send(&app, &user, garbage).await.expect(400);
    let post = |media_type: &str| app.post("/files/upload").bearer(&user).raw(media_type, "x");
    post("multipart/form-data").await.expect(400);
    post("application/json").await.expect(415);
    app.post("/files/upload").bearer(&user).await.expect(415);
    app.post("/files/upload").await.expect(401);

    assert_eq!(stored(app.files.path()), 0);
    upload(&app, &user, "most.bin", &most).await.expect(201);
    upload(&app, &user, "empty.bin", b"").await.expect(201);
    assert_eq!(stored(app.files.path()), 2);
}

async fn a_broken_upload_leaves_nothing_behind(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let half = form(&[part("file", Some("a.txt"), &vec![b'x'; 100_000])])[..50_000].to_vec();
    for _ in 0..20 {
        let broken = stream::iter([
            Ok(Bytes::from(half.clone())),
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        ]);
        send(&app, &user, Body::from_stream(broken)).await.expect(400);
    }
    assert_eq!(stored(app.files.path()), 0);
    let list = app.get("/files").bearer(&user).await.expect(200);
    assert_eq!(list.body["items"], json!([]));
}

async fn an_upload_is_made_once(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let send =
        |content: &[u8]| upload(&app, &user, "a.txt", content).header("idempotency-key", "once");
    let first = send(b"text").await.expect(201);
    let again = send(b"text").await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(send(b"other").await.expect(422).problem(), "idempotency-key-reused");
    assert_eq!(stored(app.files.path()), 1);
}

async fn uploads_have_a_limit_of_their_own(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.uploads_per_minute = 2);
    let people = people(&app).await;
    for _ in 0..2 {
        upload(&app, &people.user, "a.txt", b"a").await.expect(201);
    }
    let refused = upload(&app, &people.user, "a.txt", b"a").await.expect(429);
    assert_ne!(refused.header("retry-after"), "");
    upload(&app, &people.agent, "a.txt", b"a").await.expect(201);
    app.get("/files").bearer(&people.user).await.expect(200);
}

async fn what_was_read_is_found_with_its_ticket(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    app.app.start_background();
    let ticket = create_ticket(&app, &people.user, "It does not work").await;
    let number = ticket.body["number"].to_string();
    let file = part("file", Some("log.txt"), b"The flux capacitor overheated.");
    let form = form(&[file, part("ticket_id", None, number.as_bytes())]);
    let made = send(&app, &people.user, form).await.expect(201);
    assert_eq!(made.text("/ticket_id"), ticket.text("/id"));
    let read = settled(&app, &people.user, &made.text("/id")).await;
    assert_eq!(read.text("/status"), "processed", "{}", read.body);
    assert_eq!(read.text("/extracted/text"), "The flux capacitor overheated.");
    assert_eq!(read.text("/extracted/kind"), "document");
    assert_eq!(read.text("/extracted/language"), "en");
    assert_eq!(read.body["progress"], 1.0);

    let found = app.get("/tickets?q=capacitor").bearer(&people.user).await.expect(200);
    assert_eq!(found.body["items"][0]["number"].to_string(), number);
    let attachment = &found.body["items"][0]["attachments"][0];
    assert_eq!(attachment["filename"], "log.txt");
    assert_eq!(attachment["status"], "processed");
    let trail = app.get(&format!("/tickets/{number}/events")).bearer(&people.user).await;
    let kinds: Vec<_> = trail.body["items"].as_array().expect("a list").iter().collect();
    assert!(kinds.iter().any(|e| e["kind"] == "file_attached"), "{kinds:?}");

    app.delete(&format!("/files/{}", made.text("/id"))).bearer(&people.user).await.expect(204);
    let found = app.get("/tickets?q=capacitor").bearer(&people.user).await.expect(200);
    assert_eq!(found.body["items"], json!([]));
}

async fn a_ticket_waits_for_its_files_and_names_the_place(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    app.app.start_background();
    let said = b"The invoice INV-20417 was charged twice on our card.";
    let made = upload(&app, &people.user, "mail.txt", said).await.expect(201);
    let words = json!({"text": "See the file.", "attachment_ids": [made.text("/id")]});
    let ticket = app.post("/tickets/ai").bearer(&people.user).json(&words).await.expect(201);
    let rationale = ticket.text("/triage/rationale");
    assert!(
        rationale.contains("The file mail.txt, page 1 says: “The invoice INV-20417"),
        "{rationale}"
    );
    assert_eq!(ticket.text("/attachments/0/status"), "processed");
    let analysis = json!({"file_id": made.text("/id")});
    let draft = app.post("/ai/analyze-file").bearer(&people.user).json(&analysis).await.expect(200);
    assert_eq!(draft.text("/text").as_bytes(), said);
    assert!(draft.text("/suggested_ticket/title").contains("charged twice"));
}

async fn what_cannot_be_read_is_a_failed_file(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let made = upload(&app, &people.user, "noise.bin", &[0xff, 0xfe, 0x00]).await.expect(201);
    let id = made.text("/id");
    let early = app.post("/ai/analyze-file").bearer(&people.user);
    early.json(&json!({"file_id": id})).await.expect(409);
    app.app.start_background();
    let failed = settled(&app, &people.user, &id).await;
    assert_eq!(failed.text("/status"), "failed");
    assert_eq!(failed.text("/error"), "This is no text.");
    assert_eq!(failed.body["extracted"], Value::Null);
    let late = app.post("/ai/analyze-file").bearer(&people.user);
    late.json(&json!({"file_id": id})).await.expect(409);

    // A failed file can be tried again, and fails again.
    let again = app.post(&format!("/files/{id}/reprocess")).bearer(&people.user).await.expect(202);
    assert_eq!(again.text("/status"), "queued");
    assert_eq!(settled(&app, &people.user, &id).await.text("/status"), "failed");
    let next = upload(&app, &people.user, "fine.txt", b"fine").await.expect(201);
    let fine = settled(&app, &people.user, &next.text("/id")).await;
    assert_eq!(fine.text("/status"), "processed");
}

async fn a_file_belongs_to_one_ticket(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let made = upload(&app, &people.user, "a.txt", b"a").await.expect(201);
    let mut ticket = crate::fixtures::ticket("First");
    ticket["attachment_ids"] = json!([made.text("/id")]);
    let first = app.post("/tickets").bearer(&people.user).json(&ticket).await.expect(201);
    assert_eq!(first.text("/attachments/0/id"), made.text("/id"));
    let second = app.post("/tickets").bearer(&people.user).json(&ticket).await.expect(422);
    assert_eq!(second.faults(), ["/attachment_ids/0"]);
    let other = app.login_as(atc_core::user::Role::User, "other@example.com").await;
    let foreign = upload(&app, &other, "b.txt", b"b").await.expect(201);
    ticket["attachment_ids"] = json!([foreign.text("/id")]);
    let hidden = app.post("/tickets").bearer(&people.user).json(&ticket).await.expect(422);
    assert_eq!(hidden.faults(), ["/attachment_ids/0"]);
}

async fn a_ticket_takes_its_files_along(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let made = upload(&app, &people.user, "a.txt", b"a").await.expect(201);
    let mut ticket = crate::fixtures::ticket("First");
    ticket["attachment_ids"] = json!([made.text("/id")]);
    let ticket = app.post("/tickets").bearer(&people.user).json(&ticket).await.expect(201);
    let path = format!("/tickets/{}", ticket.text("/id"));
    app.delete(&path).bearer(&people.agent).await.expect(204);
    app.get(&format!("/files/{}", made.text("/id"))).bearer(&people.user).await.expect(404);
    assert_eq!(stored(app.files.path()), 0);
}

async fn lists_are_filtered(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    app.app.start_background();
    let ticket = create_ticket(&app, &people.user, "With a file").await;
    let number = ticket.body["number"].to_string();
    let parts = [part("file", Some("of.txt"), b"x"), part("ticket_id", None, number.as_bytes())];
    let of_it = send(&app, &people.user, form(&parts)).await.expect(201).text("/id");
    let alone = upload(&app, &people.user, "alone.bin", &[0xff]).await.expect(201).text("/id");
    settled(&app, &people.user, &of_it).await;
    settled(&app, &people.user, &alone).await;
    let ids = async |query: &str| -> Vec<String> {
        let list = app.get(&format!("/files?{query}")).bearer(&people.user).await.expect(200);
        let items = list.body["items"].as_array().expect("a list").clone();
        items.iter().map(|file| file["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids("").await, [alone.clone(), of_it.clone()]);
    assert_eq!(ids(&format!("ticket_id={}", ticket.text("/id"))).await, [of_it.as_str()]);
    assert_eq!(ids("status=failed").await, [alone.as_str()]);
    assert_eq!(ids("status=failed&status=processed").await, [alone.clone(), of_it.clone()]);
    assert_eq!(ids("kind=document").await, [of_it.as_str()]);
    app.get("/files?status=lost").bearer(&people.user).await.expect(422);
    let first = app.get("/files?limit=1&include_total=true").bearer(&people.user).await;
    assert_eq!(first.body["total"], 2);
    let cursor = first.text("/next_cursor");
    assert_eq!(ids(&format!("limit=1&cursor={cursor}")).await, [of_it]);
}

/// Who asks and who reads write the same rows: neither may wait for the other in a circle.
async fn a_file_is_read_again_while_it_is_read(db: &TestDb) {
    let app = TestApp::new(db);
    app.app.start_background();
    let user = people(&app).await.user;
    let id = upload(&app, &user, "a.txt", b"a").await.expect(201).text("/id");
    let again = format!("/files/{id}/reprocess");
    let ask = async || {
        for _ in 0..60 {
            app.post(&again).bearer(&user).await.expect(202);
        }
    };
    futures::join!(ask(), ask(), ask());
    assert_eq!(settled(&app, &user, &id).await.text("/status"), "processed");
}
