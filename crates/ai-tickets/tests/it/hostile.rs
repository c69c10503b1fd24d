//! Files and clients that mean harm, against the built binary: each is a clear refusal or one failed file, and
//! what comes after them is served as before.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use atc_testkit::data_dir;
use serde_json::Value;

use crate::{
    files::{admin, settled, try_upload, upload, with_models},
    program::{Installation, Server, eventually},
};

/// What the server may hold more than before: pages of its database, threads, buffers of the allocator.
const GROWTH_KB: i64 = 60_000;

/// What does no harm because nobody looks at it: a kind of archive that is stored but not read, and what is nested
/// in a part of a PDF that holds no text.
const UNTOUCHED: [&str; 2] = ["tar_symlink_escape.tar", "pdf_deep_array.pdf"];

/// A number out of the server's `/proc/…/status`.
fn status(server: &Server, key: &str) -> i64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn open_files(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count()
}

/// How many blobs lie in the store, unfinished ones included.
fn blobs(installation: &Installation) -> usize {
    fn below(folder: &Path) -> usize {
        let Ok(entries) = fs::read_dir(folder) else { return 0 };
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| if path.is_dir() { below(&path) } else { 1 })
            .sum()
    }
    below(&installation.path("data/files"))
}

/// Sends bytes as they are and gives the status of the answer; none where there was no answer.
fn send(server: &Server, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    // It may answer, and go away, before it has everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let head = String::from_utf8_lossy(&answer);
    head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// An upload as it goes over the wire: its head, which announces `length` bytes, and this body.
fn request(token: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/v1/files/upload HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\ncontent-type: multipart/form-data; boundary=b\r\n\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn form(filename: &[u8], content: &[u8]) -> Vec<u8> {
    let head = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"";
    [head, filename, b"\"\r\n\r\n", content, b"\r\n--b--\r\n"].concat()
}

fn total_files(server: &Server, token: &str) -> u64 {
    let list = server.call("GET", "/files?limit=1&include_total=true", token, None);
    list.body["total"].as_u64().unwrap()
}

#[test]
fn hostile_files_are_refused_or_read_and_others_go_on() {
    let (Some(installation), Some(data)) = (with_models(), data_dir()) else { return };
    let installation = installation.with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    let made = installation.path("hostile");
    let script = Command::new("python3").arg(data.join("make_hostile.py")).arg(&made).output();
    assert!(script.unwrap().status.success());
    let server = installation.serve();
    let token = admin(&installation, &server);
    upload(&server, &token, "warm.txt", b"warm");

    let manifest = fs::read_to_string(made.join("manifest.jsonl")).unwrap();
    let expected = manifest.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        (made.join(text("file")), Some(text("expect")))
    });
    let folders = ["img", "pdf", "png"].map(|name| data.join("hostile").join(name));
    let found = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let all: Vec<(PathBuf, Option<String>)> =
        expected.chain(found.map(|entry| (entry.unwrap().path(), None))).collect();
    assert!(all.len() > 100, "{}", all.len());

    let sent: Vec<(String, String, Option<String>)> = all
        .into_iter()
        .filter_map(|(path, expected)| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let content = fs::read(&path).unwrap();
            let (status, file) = try_upload(&server, &token, &name, &content).unwrap();
            assert!(status == 201 || (400..500).contains(&status), "{name}: {status} {file}");
            (status == 201).then(|| (name, file["id"].as_str().unwrap().to_owned(), expected))
        })
        .collect();
    let mut faults = Vec::new();
    for (name, id, expected) in sent {
        let file = settled(&server, &token, &id);
        let text = file["extracted"]["text"].as_str().unwrap_or_default();
        // A sentence for people, nothing of the inside.
        let why = file["error"].as_str().unwrap_or("It says why.");
        let as_expected = match expected.as_deref() {
            _ if UNTOUCHED.contains(&name.as_str()) => text.is_empty(),
            Some("reject") => file["status"] == "failed",
            Some("accept") => file["status"] == "processed",
            _ => true,
        };
        if !as_expected || text.contains("root:x:") || !why.ends_with('.') || why.contains("panic")
        {
            faults.push(format!("{name}: {file}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let after = upload(&server, &token, "after.txt", b"Served as before.");
    assert_eq!(settled(&server, &token, &after)["extracted"]["text"], "Served as before.");
}

#[test]
fn names_are_labels_whatever_is_in_them() {
    let installation = Installation::new().with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    let server = installation.serve();
    let token = admin(&installation, &server);
    let long = "x".repeat(300);
    let names: [&[u8]; 14] = [
        b"../../etc/passwd",
        b"..\\..\\boot.ini",
        b"/abs/path",
        b"CON",
        long.as_bytes(),
        b"\0.png",
        b"a\r\nSet-Cookie: x",
        "invoice\u{202e}gpj.exe".as_bytes(),
        "🎫.png".as_bytes(),
        b"..",
        b"a;b.txt",
        b"a\\\"quoted\\\".txt",
        b"%2e%2e%2f",
        b"\xff\xfe.txt",
    ];
    let mut taken = 0;
    for name in names {
        let body = form(name, b"text");
        let shown = String::from_utf8_lossy(name).into_owned();
        let status = send(&server, &request(&token, body.len(), &body)).unwrap();
        assert!([201, 400, 422].contains(&status), "{shown:?}: {status}");
        taken += usize::from(status == 201);
    }
    let list = server.call("GET", "/files?limit=100", &token, None);
    let items = list.body["items"].as_array().unwrap();
    assert_eq!(items.len(), taken);
    assert!(taken >= 8, "{taken}");
    for file in items {
        let name = file["filename"].as_str().unwrap();
        assert!(!name.is_empty() && name.chars().count() <= 255, "{name:?}");
        let is_bad =
            |c: char| c.is_control() || "/\\".contains(c) || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!name.contains(is_bad) && name != "..", "{name:?}");
        let path = format!("/files/{}/content", file["id"].as_str().unwrap());
        assert_eq!(server.call("GET", &path, &token, None).status, 200, "{name:?}");
    }
    assert_eq!(blobs(&installation), taken);
}

#[test]
fn forms_that_are_broken_anywhere_are_refused() {
    let installation = Installation::new().with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    let server = installation.serve();
    let token = admin(&installation, &server);
    let whole = form(b"a.txt", b"text");
    let mut taken = 0;
    // Every byte once as another one, once away, and once twice.
    for at in 0..whole.len() {
        let (before, after) = whole.split_at(at);
        for body in [
            [before, &[after[0] ^ 0x41], &after[1..]].concat(),
            [before, &after[1..]].concat(),
            [before, &after[..1], after].concat(),
        ] {
            let status = send(&server, &request(&token, body.len(), &body)).unwrap();
            let shown = String::from_utf8_lossy(&body).into_owned();
            assert!([201, 400, 413, 422].contains(&status), "{status}: {shown:?}");
            taken += u64::from(status == 201);
        }
    }
    // Forms that are none, or lie about their length.
    let nested = [b"--b\r\n", &whole[..], b"\r\n--b--\r\n"].concat();
    let many = b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\r\n".repeat(10_000);
    let header = [b"--b\r\nX: ", &b"x".repeat(1_000_000)[..], b"\r\n\r\n"].concat();
    for body in [&b""[..], b"--b--\r\n", b"\r\n\r\n", b"--b", &nested, &many, &header] {
        let status = send(&server, &request(&token, body.len(), body)).unwrap();
        assert!([400, 413, 422].contains(&status), "{status}");
    }
    assert_eq!(total_files(&server, &token), taken);
    eventually("nothing is left of what was refused", || blobs(&installation) as u64 == taken);
}

#[test]
fn clients_that_stop_half_way_leave_nothing_behind() {
    let installation = Installation::new().with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    let server = installation.serve();
    let token = admin(&installation, &server);
    upload(&server, &token, "warm.bin", &vec![b'x'; 1_000_000]);
    let (memory, files) = (status(&server, "VmRSS:"), open_files(&server));
    let body = form(b"half.bin", &vec![b'x'; 1_000_000]);
    for stop in 0..100 {
        let part = &body[..body.len() * stop / 100];
        let mut stream = TcpStream::connect(server.address).unwrap();
        let _ = stream.write_all(&request(&token, body.len(), part));
        // Half of them say that they leave, half are gone.
        if stop % 2 == 0 {
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read(&mut [0; 1]);
        }
    }
    eventually("nothing is left of what was not finished", || blobs(&installation) == 1);
    assert_eq!(total_files(&server, &token), 1);
    eventually("every connection is given back", || open_files(&server) <= files + 2);
    let grown = status(&server, "VmRSS:") - memory;
    assert!(grown < GROWTH_KB, "{grown} kB");
    let after = upload(&server, &token, "after.txt", b"Served as before.");
    assert_eq!(settled(&server, &token, &after)["status"], "processed");
}
