//! PostgreSQL and Redis behind a wire that is cut or silent: who asks is answered soon, and nothing is lost.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use atc_testkit::{RedisServer, TestDb, Wire};
use serde_json::{Value, json};

use crate::{
    files::{admin, settled, try_upload},
    program::{Installation, Server, eventually},
};

fn new_ticket(title: &str) -> Value {
    json!({"title": title, "description": "", "category": "bug", "priority": "low"})
}

/// The address of a server in a URL.
fn address(url: &str) -> SocketAddr {
    let authority = url.split("://").nth(1).unwrap().split('/').next().unwrap();
    authority.rsplit('@').next().unwrap().parse().unwrap()
}

/// The same URL with the wire in between.
fn through(wire: &Wire, url: &str) -> String {
    url.replace(&address(url).to_string(), &wire.address().to_string())
}

/// How long a call took, and its status.
fn timed(
    server: &Server,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> (u16, Duration) {
    let begun = Instant::now();
    (server.call(method, path, token, body).status, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_silent_flushed_or_gone_costs_a_moment_and_nothing_else() {
    let Some(db) = TestDb::postgres().await else { return };
    let Some(redis) = RedisServer::start() else { return };
    let wire = Wire::to(address(&redis.url()));
    let installation = Installation::new()
        .with("DATABASE_URL", &db.url)
        .with("REDIS_URL", &through(&wire, &redis.url()))
        .with("RATE_LIMIT_PER_MINUTE", "40")
        .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0")
        .with("EVENTS_POLL_MS", "500")
        .with("BACKGROUND_POLL_MS", "500");
    tokio::task::spawn_blocking(move || redis_fails(&installation, &wire, &redis)).await.unwrap();
    db.close().await;
}

fn redis_fails(installation: &Installation, wire: &Wire, redis: &RedisServer) {
    let server = installation.serve();
    let token = admin(installation, &server);
    // Each fault with people of its own, so that each has the whole limit: one who asks, and one who looks.
    let person = |name: &str, role: &str| {
        let body = json!({
            "email": name, "password": "correct horse battery", "full_name": "P", "role": role
        });
        assert_eq!(server.call("POST", "/users", &token, Some(&body)).status, 201);
        server.log_in(name, "correct horse battery")
    };
    let people: Vec<(String, String)> = (0..4)
        .map(|n| {
            (
                person(&format!("u{n}@example.com"), "user"),
                person(&format!("a{n}@example.com"), "agent"),
            )
        })
        .collect();
    let faults: [(&str, &dyn Fn()); 4] = [
        ("silent", &|| wire.silence()),
        ("cut", &|| wire.cut()),
        ("flushed", &|| redis.flush()),
        ("stopped", &|| redis.signal("-STOP")),
    ];
    for ((fault, begin), (person, onlooker)) in faults.into_iter().zip(&people) {
        begin();
        let title = format!("While Redis is {fault}");
        let (status, took) = timed(&server, "POST", "/tickets", person, Some(&new_ticket(&title)));
        assert_eq!(status, 201, "{fault}");
        assert!(took < Duration::from_millis(1500), "{fault}: {took:?}");
        let file = try_upload(&server, person, "note.txt", title.as_bytes()).unwrap();
        assert_eq!(file.0, 201, "{fault}: {}", file.1);
        // The limit falls back to this process, and is never open.
        let begun = Instant::now();
        let served = (0..80).filter(|_| server.call("GET", "/auth/me", person, None).status == 200);
        let served = served.count();
        assert!((20..=60).contains(&served), "{fault}: {served} were served");
        assert!(begun.elapsed() < Duration::from_secs(30), "{fault}: {:?}", begun.elapsed());
        let listed = server.call("GET", "/tickets?limit=1", onlooker, None);
        assert_eq!(listed.body["items"][0]["title"], *title, "{fault}");
        let path = format!("/files/{}", file.1["id"].as_str().unwrap());
        let mut looks = 0;
        while server.call("GET", &path, onlooker, None).body["status"] != "processed" {
            // Seldom enough for a limit that holds.
            std::thread::sleep(Duration::from_secs(1));
            looks += 1;
            assert!(looks < 35, "{fault}: the file is not read");
        }
        wire.mend();
        redis.signal("-CONT");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_cut_off_is_said_and_used_again_at_once() {
    let Some(db) = TestDb::postgres().await else { return };
    let wire = Wire::to(address(&db.url));
    let installation = Installation::new()
        .with("DATABASE_URL", &through(&wire, &db.url))
        .with("DATABASE_ACQUIRE_TIMEOUT_MS", "1000")
        .with("JOB_LEASE_MS", "2000")
        .with("RATE_LIMIT_UPLOADS_PER_MINUTE", "0");
    tokio::task::spawn_blocking(move || {
        let server = installation.serve();
        let token = admin(&installation, &server);
        let create =
            |title: &str| server.call("POST", "/tickets", &token, Some(&new_ticket(title)));
        let mut made = 0;
        for round in 0..3 {
            assert_eq!(create("Before").status, 201);
            made += 1;
            let file = try_upload(&server, &token, "note.txt", b"Read me.").unwrap().1;
            wire.cut();
            for path in ["/tickets", "/auth/me", "/files"] {
                let refused = server.call("GET", path, &token, None);
                assert_eq!(refused.status, 503, "{round} {path}: {}", refused.body);
                assert!(refused.header("retry-after").parse::<u32>().is_ok(), "{path}");
            }
            let refused = create("Lost");
            assert_eq!(refused.status, 503, "{round}: {}", refused.body);
            assert_eq!(server.call("GET", "/health/live", "", None).status, 200);
            assert_eq!(server.call("GET", "/health/ready", "", None).status, 503);
            wire.mend();
            let begun = Instant::now();
            eventually("it serves again", || {
                server.call("GET", "/tickets", &token, None).status == 200
            });
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
            assert_eq!(create("After").status, 201);
            made += 1;
            let id = file["id"].as_str().unwrap();
            assert_eq!(settled(&server, &token, id)["status"], "processed");
        }
        let listed = server.call("GET", "/tickets?limit=1&include_total=true", &token, None);
        assert_eq!(listed.body["total"], made, "acknowledged is there, and nothing else");
    })
    .await
    .unwrap();
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_is_ended_and_says_when_to_come_again() {
    let Some(db) = TestDb::postgres().await else { return };
    let installation = Installation::new()
        .with("DATABASE_URL", &db.url)
        .with("DATABASE_STATEMENT_TIMEOUT_MS", "1000");
    let (installation, server, token) = tokio::task::spawn_blocking(move || {
        let server = installation.serve();
        let token = admin(&installation, &server);
        assert_eq!(server.call("POST", "/tickets", &token, Some(&new_ticket("A"))).status, 201);
        (installation, server, token)
    })
    .await
    .unwrap();
    let held = db.hold("BEGIN; LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE").await;
    tokio::task::spawn_blocking(move || {
        for (method, body) in [("GET", None), ("POST", Some(new_ticket("B")))] {
            let begun = Instant::now();
            let refused = server.call(method, "/tickets", &token, body.as_ref());
            assert_eq!(refused.status, 503, "{}", refused.body);
            assert!(refused.header("retry-after").parse::<u32>().is_ok());
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        }
        // What does not need the table is served.
        assert_eq!(server.call("GET", "/auth/me", &token, None).status, 200);
        drop(held);
        eventually("it serves again", || {
            server.call("GET", "/tickets", &token, None).status == 200
        });
        let listed = server.call("GET", "/tickets?include_total=true", &token, None);
        assert_eq!(listed.body["total"], 1);
        drop(installation);
    })
    .await
    .unwrap();
    db.close().await;
}
