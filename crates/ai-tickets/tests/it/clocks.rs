//! Processes whose clock is wrong, or is set while they run.

use std::fs;

use atc_testkit::{TestDb, found};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    files::{admin, settled, try_upload},
    program::{Installation, Server, eventually},
};

/// A process whose clock goes by a file: how many seconds it is ahead, as `+7200`. The kernel's own count,
/// which no setting of a clock changes, is left alone.
fn with_clock(installation: Installation, ahead: &str) -> Option<Installation> {
    let library = found("TEST_FAKETIME")?;
    let file = installation.path("clock");
    fs::write(&file, ahead).unwrap();
    Some(
        installation
            .with("LD_PRELOAD", &library)
            .with("FAKETIME_TIMESTAMP_FILE", file.to_str().unwrap())
            .with("FAKETIME_CACHE_DURATION", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .with("DONT_FAKE_MONOTONIC", "1"),
    )
}

/// Sets the clock of an installation, and waits until this server goes by it: the file is read once a second.
fn set_clock(installation: &Installation, server: &Server, ahead: TimeDelta) {
    fs::write(installation.path("clock"), format!("{:+}", ahead.num_seconds())).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the clock of this machine, which is not set")]
    let now = Utc::now;
    eventually("it serves by the new clock", || {
        let answer = server.call("GET", "/health/live", "", None);
        // The identity of a request tells when it was made (UUID version 7).
        let id: Uuid = answer.headers["x-request-id"].to_str().unwrap().parse().unwrap();
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        let says = DateTime::from_timestamp(seconds.try_into().unwrap(), 0).unwrap();
        (says - (now() + ahead)).abs() < TimeDelta::seconds(30)
    });
}

fn new_ticket(title: &str) -> Value {
    json!({"title": title, "description": "", "category": "bug", "priority": "low"})
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// One of several processes on a database.
fn node(db: &TestDb) -> Installation {
    Installation::new()
        .with("DATABASE_URL", &db.url)
        .with("JWT_SECRET_KEY", &"j".repeat(32))
        .with("ENCRYPTION_KEY", &"e".repeat(32))
        .with("ADMIN_EMAIL", "admin@localhost")
        .with("ADMIN_PASSWORD", "correct horse battery")
        .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0")
        .with("JOB_LEASE_MS", "2000")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_two_hours_ahead_agrees_with_the_others() {
    let Some(db) = TestDb::postgres().await else { return };
    let right = node(&db);
    // Both store files in one folder, as processes of an installation do.
    let data = right.path("data");
    let ahead = node(&db).with("DATA_DIR", data.to_str().unwrap());
    let Some(ahead) = with_clock(ahead, "+7200") else { return };
    tokio::task::spawn_blocking(move || {
        let servers = [right.serve(), ahead.serve()];
        let tokens =
            servers.each_ref().map(|s| s.log_in("admin@localhost", "correct horse battery"));
        // Who logs in at one is known to all, and stays so.
        for server in &servers {
            for token in &tokens {
                assert_eq!(server.call("GET", "/auth/me", token, None).status, 200);
            }
        }
        let [token, _] = &tokens;
        let mut last: Option<DateTime<Utc>> = None;
        for n in 0..6 {
            let title = format!("Ticket {n}");
            let made = servers[n % 2].call("POST", "/tickets", token, Some(&new_ticket(&title)));
            assert_eq!(made.status, 201, "{}", made.body);
            let at = time(&made.body["created_at"]);
            let apart = last.map_or(TimeDelta::zero(), |last| at - last);
            assert!(apart.abs() < TimeDelta::minutes(5), "{apart}");
            last = Some(at);
        }
        let listed = servers[0].call("GET", "/tickets", token, None).body;
        let titles: Vec<_> =
            listed["items"].as_array().unwrap().iter().map(|t| &t["title"]).collect();
        assert_eq!(titles.len(), 6);
        // Files are read once, whoever takes them in and whoever reads them.
        let ids: Vec<String> = (0..8)
            .map(|n| {
                let content = format!("File {n}");
                let made = try_upload(&servers[n % 2], token, "a.txt", content.as_bytes()).unwrap();
                assert_eq!(made.0, 201, "{}", made.1);
                made.1["id"].as_str().unwrap().to_owned()
            })
            .collect();
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(settled(&servers[(n + 1) % 2], token, id)["status"], "processed");
        }
        each_done_in_one_attempt(&servers[0], token, ids.len());
        // What serves for seconds only serves at the other one too.
        let ticket = servers[1].call("POST", "/auth/ws-ticket", token, None);
        assert_eq!(ticket.status, 201, "{}", ticket.body);
        let path = format!("/events/stream?ticket={}", ticket.body["ticket"].as_str().unwrap());
        assert_ne!(servers[0].call("HEAD", &path, token, None).status, 401);
        let log = ahead.read("server.log");
        assert!(log.contains("clock of this machine differs"), "{log}");
        assert!(!right.read("server.log").contains("clock of this machine"));
    })
    .await
    .unwrap();
    db.close().await;
}

fn each_done_in_one_attempt(server: &Server, token: &str, files: usize) {
    let path = "/jobs?kind=file.process.v1&limit=100";
    let jobs = server.call("GET", path, token, None).body;
    let jobs = jobs["items"].as_array().unwrap();
    assert_eq!(jobs.len(), files);
    for job in jobs {
        assert_eq!((&job["state"], &job["attempt"]), (&json!("done"), &json!(1)), "{job}");
    }
}

#[test]
fn a_clock_that_is_set_back_and_forth_stops_nothing() {
    let installation = Installation::new()
        .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0")
        .with("JOB_LEASE_MS", "2000")
        .with("BACKGROUND_POLL_MS", "200");
    let Some(installation) = with_clock(installation, "+0") else { return };
    let api = installation.serve_roles("api", "api.log");
    let mut made = 0;
    let mut waiting = Vec::new();
    for ahead in [0, -3_600, 7_200, -90].map(TimeDelta::seconds) {
        set_clock(&installation, &api, ahead);
        // A login of a time that is called off may have to be made again; nothing else changes.
        let token = admin(&installation, &api);
        let ticket = api.call("POST", "/tickets", &token, Some(&new_ticket("A ticket")));
        assert_eq!(ticket.status, 201, "{ahead}: {}", ticket.body);
        made += 1;
        let file = try_upload(&api, &token, "note.txt", ahead.to_string().as_bytes()).unwrap();
        assert_eq!(file.0, 201, "{ahead}: {}", file.1);
        waiting.push(file.1["id"].as_str().unwrap().to_owned());
        let listed = api.call("GET", "/tickets?limit=1&include_total=true", &token, None);
        assert_eq!(listed.body["total"], made, "{ahead}");
    }
    // All were added at different times, most of them in the future.
    let worker = installation.serve_roles("worker", "worker.log");
    let token = admin(&installation, &api);
    for id in &waiting {
        assert_eq!(settled(&api, &token, id)["status"], "processed");
    }
    // And once more under a worker that runs.
    set_clock(&installation, &api, TimeDelta::hours(-3));
    let token = admin(&installation, &api);
    let file = try_upload(&api, &token, "note.txt", b"Last of all.").unwrap().1;
    let file = settled(&api, &token, file["id"].as_str().unwrap());
    assert_eq!(file["status"], "processed", "{file}");
    for log in ["api.log", "worker.log"] {
        let log = installation.read(log);
        assert!(!log.contains("ERROR"), "{log}");
    }
    drop(worker);
}
