//! A disk that is full: what was acknowledged is there, reading goes on, and writing as soon as there is room.

use std::{fs, path::Path};

use atc_testkit::SmallDisk;
use serde_json::{Value, json};

use crate::{
    files::{settled, try_upload},
    program::{Answer, Installation, Server, eventually},
};

fn new_ticket(n: usize) -> Value {
    let description = "The printer is on fire. ".repeat(400);
    json!({"title": format!("Ticket {n}"), "description": description, "category": "bug", "priority": "low"})
}

/// A refusal that says what to do, shows nothing of the inside, and when to come again.
#[track_caller]
fn says_what_to_do(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.body["type"], "/problems/unavailable");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("no room left"), "{detail}");
    assert!(!detail.contains('/') && !detail.contains("ENOSPC"), "{detail}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
}

fn blobs(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let count = |path: &Path| if path.is_dir() { blobs(path) } else { 1 };
    entries.map(|entry| count(&entry.unwrap().path())).sum()
}

fn total(server: &Server, token: &str, list: &str) -> u64 {
    let path = format!("/{list}?limit=1&include_total=true");
    server.call("GET", &path, token, None).body["total"].as_u64().unwrap()
}

#[test]
fn on_a_full_disk_reading_goes_on_and_writing_waits() {
    let installation = Installation::new().with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    let data = installation.path("data");
    fs::create_dir(&data).unwrap();
    let Some(disk) = SmallDisk::mount(&data, 24) else { return };
    let mut server = installation.serve();
    let token = server.log_in("admin@localhost", installation.read("data/admin-password").trim());
    let scopes = json!({"name": "reader", "scopes": ["tickets:read", "files:read"]});
    let reader = server.call("POST", "/tokens", &token, Some(&scopes)).body["token"].clone();
    let reader = reader.as_str().unwrap().to_owned();
    let file = try_upload(&server, &token, "note.txt", b"The printer is on fire.").unwrap().1;
    let id = file["id"].as_str().unwrap().to_owned();
    settled(&server, &token, &id);
    let create = |n| server.call("POST", "/tickets", &token, Some(&new_ticket(n)));
    assert_eq!(create(0).status, 201);

    disk.fill();
    let mut made: u64 = 1;
    // What was set aside before is used up first.
    let refused = loop {
        let answer = create(usize::try_from(made).unwrap());
        if answer.status != 201 {
            break answer;
        }
        made += 1;
        assert!(made < 5_000, "the disk is not full");
    };
    says_what_to_do(&refused);
    let change = json!({"title": "Changed"});
    says_what_to_do(&server.call("PATCH", "/tickets/1", &token, Some(&change)));
    let mut large = server.upload(&token, "large.bin", &vec![b'x'; 7_000_000]);
    says_what_to_do(&large);
    large = server.upload(&token, "small.bin", b"x");
    says_what_to_do(&large);
    let login = json!({"email": "admin@localhost", "password": installation.read("data/admin-password").trim()});
    says_what_to_do(&server.call("POST", "/auth/login", "", Some(&login)));

    for token in [&token, &reader] {
        assert_eq!(total(&server, token, "tickets"), made);
        assert_eq!(server.call("GET", "/tickets/1", token, None).body["title"], "Ticket 0");
        let found = server.call("GET", "/tickets?q=printer", token, None);
        assert_eq!(found.status, 200, "{}", found.body);
        assert_eq!(
            server.call("GET", &format!("/files/{id}"), token, None).body["status"],
            "processed"
        );
        assert_eq!(server.call("GET", &format!("/files/{id}/content"), token, None).status, 200);
    }
    assert_eq!(total(&server, &token, "files"), 1, "nothing half-written is shown");
    eventually("nothing half-written is left", || blobs(&data.join("files")) == 1);
    assert_eq!(server.call("GET", "/health/live", "", None).status, 200);
    assert!([200, 503].contains(&server.call("GET", "/health", "", None).status));

    disk.free();
    eventually("tickets are made again", || {
        let status = create(0).status;
        made += u64::from(status == 201);
        status == 201
    });
    let file = try_upload(&server, &token, "after.txt", b"There is room again.").unwrap();
    assert_eq!(file.0, 201, "{}", file.1);
    assert_eq!(settled(&server, &token, file.1["id"].as_str().unwrap())["status"], "processed");
    assert_eq!(total(&server, &token, "tickets"), made, "acknowledged is there, and nothing else");
    server.log_in("admin@localhost", installation.read("data/admin-password").trim());
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let server = installation.serve();
    assert_eq!(total(&server, &token, "tickets"), made);
    let said = installation.run(&["audit", "verify"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}

#[test]
fn a_full_disk_of_files_leaves_tickets_alone() {
    let installation = Installation::new().with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    let files = installation.path("data/files");
    fs::create_dir_all(&files).unwrap();
    let Some(disk) = SmallDisk::mount(&files, 8) else { return };
    let server = installation.serve();
    let token = server.log_in("admin@localhost", installation.read("data/admin-password").trim());
    let upload = |bytes: usize| server.upload(&token, "a.bin", &vec![b'x'; bytes]);
    // Larger than what is left, known at its end or in the middle of it.
    for bytes in [9_000_000, 20_000_000] {
        says_what_to_do(&upload(bytes));
    }
    assert_eq!(upload(1_000_000).status, 201);
    disk.fill();
    says_what_to_do(&upload(100_000));
    assert_eq!(server.call("POST", "/tickets", &token, Some(&new_ticket(0))).status, 201);
    eventually("nothing half-written is left", || blobs(&files) == 2);
    assert_eq!(total(&server, &token, "files"), 1);
    disk.free();
    assert_eq!(upload(1_000_000).status, 201);
}
