//! Killed at any moment, again and again: what was acknowledged is done, once, and soon.

use std::time::{Duration, Instant};

use atc_testkit::{TestDb, data_dir};
use serde_json::Value;

use crate::{
    files::{admin, settled, try_upload, with_models},
    program::{Installation, Server, eventually},
};

/// How often the server is killed in one series.
const KILLS: u32 = 30;
/// The lease of these jobs; whoever is killed holds them no longer.
const LEASE: Duration = Duration::from_secs(1);

/// How long the reading of one of these files takes on a busy machine.
const WORK: Duration = Duration::from_secs(1);

fn short_leases(installation: Installation) -> Installation {
    installation
        .with("JOB_LEASE_MS", &LEASE.as_millis().to_string())
        .with("BACKGROUND_POLL_MS", "100")
        .with("JOB_PLACES", "default=1,files=2")
        .with("ACCESS_TOKEN_TTL_S", "86400")
        .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0")
}

/// Uploads files and kills the server in the midst of it, each time after another while.
fn series(installation: &Installation) {
    let mut acknowledged: Vec<String> = Vec::new();
    let mut token = String::new();
    let mut settled_before = 0;
    for kill in 0..KILLS {
        let mut server = installation.serve();
        if token.is_empty() {
            token = admin(installation, &server);
        }
        // What the last kill left is done soon: within a lease and five seconds, the work included.
        let begun = Instant::now();
        settle(&server, &token, &acknowledged[settled_before..]);
        let work = WORK * u32::try_from(acknowledged.len() - settled_before).unwrap();
        assert!(begun.elapsed() < LEASE + Duration::from_secs(5) + work, "{:?}", begun.elapsed());
        settled_before = acknowledged.len();
        // Moments that no other kill of the series has, from at once to in the middle of reading.
        let until = Instant::now() + Duration::from_millis(u64::from(kill * 37 % 300));
        loop {
            let name = format!("{}.txt", acknowledged.len());
            let content = format!("File {name} of kill {kill}.");
            let made = try_upload(&server, &token, &name, content.as_bytes());
            acknowledged.extend(made.filter(|(status, _)| *status == 201).map(id));
            if Instant::now() >= until {
                break;
            }
        }
        server.signal("KILL");
        server.wait();
    }
    assert!(acknowledged.len() >= KILLS as usize);

    let server = installation.serve();
    settle(&server, &token, &acknowledged);
    done_once_each(&server, &token, acknowledged.len());
}

fn settle(server: &Server, token: &str, ids: &[String]) {
    for id in ids {
        let file = settled(server, token, id);
        assert_eq!(file["status"], "processed", "{file}");
    }
}

fn id((_, file): (u16, Value)) -> String {
    file["id"].as_str().unwrap().to_owned()
}

/// Every file has one job, which is done, and none is left over.
fn done_once_each(server: &Server, token: &str, files: usize) {
    let count = |query: &str| {
        let path = format!("/jobs?kind=file.process.v1&limit=1&include_total=true{query}");
        let answer = server.call("GET", &path, token, None);
        assert_eq!(answer.status, 200, "{}", answer.body);
        usize::try_from(answer.body["total"].as_u64().unwrap()).unwrap()
    };
    // Its file is seen as read no sooner than the job is done: both are one transaction.
    let (all, done) = (count(""), count("&state=done"));
    assert_eq!(all, done);
    // A file whose answer was lost with the server may be there besides those that were acknowledged.
    assert!((files..=files + KILLS as usize).contains(&all), "{files} files, {all} jobs");
    let listed = server.call("GET", "/files?limit=1&include_total=true", token, None);
    assert_eq!(listed.body["total"].as_u64().unwrap(), all as u64);
}

#[test]
fn no_acknowledged_file_is_lost_on_sqlite() {
    series(&short_leases(Installation::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_file_is_lost_on_postgres() {
    let Some(db) = TestDb::postgres().await else { return };
    let installation = short_leases(Installation::new().with("DATABASE_URL", &db.url));
    tokio::task::spawn_blocking(move || series(&installation)).await.unwrap();
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_slept_past_its_lease_writes_nothing_over_its_successor() {
    let Some(db) = TestDb::postgres().await else { return };
    let (Some(installation), Some(data)) = (with_models(), data_dir()) else { return };
    let installation = short_leases(installation.with("DATABASE_URL", &db.url));
    let memo = std::fs::read(data.join("audio/jfk.wav")).unwrap();
    tokio::task::spawn_blocking(move || sleeping(&installation, &memo)).await.unwrap();
    db.close().await;
}

fn sleeping(installation: &Installation, memo: &[u8]) {
    let first = installation.serve();
    let token = admin(installation, &first);
    let memo = id(try_upload(&first, &token, "memo.wav", memo).unwrap());
    let path = format!("/files/{memo}");
    eventually("it is being read", || {
        first.call("GET", &path, &token, None).body["status"] == "processing"
    });
    // It sleeps with what it holds; another process of the installation takes that over.
    first.signal("STOP");
    let second = installation.serve();
    let before = settled(&second, &token, &memo);
    assert_eq!(before["status"], "processed", "{before}");
    first.signal("CONT");
    // It goes on where it was, and comes to its next work only when it is through with that.
    for _ in 0..4 {
        let late = id(try_upload(&first, &token, "late.txt", b"late").unwrap());
        assert_eq!(settled(&first, &token, &late)["status"], "processed");
    }
    assert_eq!(second.call("GET", &path, &token, None).body, before);
    done_once_each(&second, &token, 5);
}

#[test]
fn a_file_that_ends_the_server_three_times_is_given_up_and_others_are_read() {
    let (Some(installation), Some(data)) = (with_models(), data_dir()) else { return };
    let installation = short_leases(installation);
    let content = std::fs::read(data.join("audio/jfk.wav")).unwrap();
    let mut server = installation.serve();
    let token = admin(&installation, &server);
    let memo = id(try_upload(&server, &token, "memo.wav", &content).unwrap());
    for attempt in 1..=3 {
        // Whatever ends its process in the middle of the work.
        eventually("it is being read", || {
            let jobs = server.call("GET", "/jobs?kind=file.process.v1", &token, None);
            let job = &jobs.body["items"][0];
            job["state"] == "running" && job["attempt"] == attempt
        });
        server.signal("KILL");
        server.wait();
        server = installation.serve();
    }
    let given_up = settled(&server, &token, &memo);
    assert_eq!(given_up["status"], "failed", "{given_up}");
    assert!(given_up["error"].as_str().is_some_and(|why| why.ends_with('.')), "{given_up}");
    let dead = server.call("GET", "/jobs?state=dead", &token, None);
    assert_eq!(dead.body["items"][0]["kind"], "file.process.v1", "{}", dead.body);
    let other = id(try_upload(&server, &token, "other.txt", b"other").unwrap());
    assert_eq!(settled(&server, &token, &other)["status"], "processed");
    assert_eq!(settled(&server, &token, &memo)["status"], "failed");
}
