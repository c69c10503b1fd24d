//! `copy`, and a backup as the manual says.

use std::process::Command;

use atc_testkit::TestDb;
use serde_json::{Value, json};

use crate::{
    program::{Installation, Server},
    transfer::{articles, lines, tickets},
};

const MORE: usize = 2000;
const PASSWORD: &str = "correct horse battery";

/// An installation that was used, and is at rest.
fn used() -> Installation {
    let here = Installation::new();
    here.run_with(
        &["user", "create", "--email", "ann@example.org", "--role", "admin", "--password-stdin"],
        PASSWORD,
    )
    .expect(0);
    let all: Vec<Value> = tickets().into_iter().filter(|t| t["category"] != "hardware").collect();
    here.run_with(&["import", "tickets", "-"], &lines(&all)).expect(0);
    // Enough of them that a copy is killed before it ends.
    let more =
        (0..MORE).map(|n| json!({"title": format!("Ticket {n}"), "description": "It fails."}));
    here.run_with(&["import", "tickets", "-"], &lines(&more.collect::<Vec<_>>())).expect(0);
    here.run_with(&["import", "articles", "-"], &lines(&articles())).expect(0);
    let mut server = here.serve();
    let token = server.log_in("ann@example.org", PASSWORD);
    let ticket = json!({"title": "t", "description": "d", "category": "bug", "priority": "low"});
    assert_eq!(server.call("POST", "/tickets", &token, Some(&ticket)).status, 201);
    let comment = json!({"body": "a comment on paper"});
    assert_eq!(server.call("POST", "/tickets/3/comments", &token, Some(&comment)).status, 201);
    stop(&mut server);
    here
}

fn stop(server: &mut Server) {
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

fn address(here: &Installation) -> String {
    format!("sqlite://{}", here.path("data/tickets.db").display())
}

/// The lists that a person sees.
fn seen(server: &Server) -> Vec<Value> {
    let token = server.log_in("ann@example.org", PASSWORD);
    ["/tickets", "/tickets/3/comments", "/tickets?q=paper", "/categories", "/knowledge/articles"]
        .map(|path| {
            let answer = server.call("GET", path, &token, None);
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            answer.body
        })
        .to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_moves_to_postgresql_and_goes_on() {
    let Some(db) = TestDb::postgres().await else { return };
    let here = used();
    let mut server = here.serve();
    let before = seen(&server);
    stop(&mut server);
    let from = address(&here);

    // Killed while rows go over, while the full text is made and while both are compared, it goes on.
    for phase in ["copying: ", "full text: ", "verifying: "] {
        here.kill_when_it_says(&["copy", "--from", &from, "--to", &db.url], phase);
    }
    let said = here.run(&["copy", "--from", &from, "--to", &db.url]).expect(0);
    assert!(said.err.contains("going on where an earlier copy stopped"), "{}", said.err);
    assert!(!said.out.contains("DIFFERENT"), "{}", said.out);
    let again = here.run(&["copy", "--from", &from, "--to", &db.url]).expect(1);
    assert!(again.err.contains("holds data already"), "{}", again.err);

    let there = here.with("DATABASE_URL", &db.url);
    let mut server = there.serve();
    assert_eq!(seen(&server), before);
    let token = server.log_in("ann@example.org", PASSWORD);
    let ticket = json!({"title": "t", "description": "d", "category": "bug", "priority": "low"});
    let made = server.call("POST", "/tickets", &token, Some(&ticket));
    assert_eq!((made.status, &made.body["number"]), (201, &json!(4 + MORE)), "{}", made.body);
    stop(&mut server);
    db.close().await;
}

#[test]
fn bad_addresses_are_told() {
    let here = Installation::new();
    let to = format!("sqlite://{}", here.path("new.db").display());
    let said = here.run(&["copy", "--from", "mysql://x/y", "--to", &to]).expect(2);
    assert!(said.err.contains("begins neither with postgresql://"), "{}", said.err);
    let said = here.run(&["copy", "--from", "sqlite:///nowhere/x.db", "--to", &to]).expect(1);
    assert!(said.err.contains("there is no database file /nowhere/x.db"), "{}", said.err);
    let from = "postgresql://u:hunter2@127.0.0.1:1/x";
    let said = here
        .with("DATABASE_ACQUIRE_TIMEOUT_MS", "300")
        .run(&["copy", "--from", from, "--to", &to])
        .expect(1);
    assert!(said.err.contains("--from") && !said.err.contains("hunter2"), "{}", said.err);
}

#[test]
fn a_backup_of_a_serving_installation_serves_elsewhere() {
    let here = used();
    let mut server = here.serve();
    let before = seen(&server);
    let backup = Installation::new();
    std::fs::create_dir(backup.path("data")).unwrap();
    // As docs/operations.md says.
    let script = "sqlite3 \"$FROM/tickets.db\" \".timeout 10000\" \"VACUUM INTO '$TO/tickets.db'\" && \
                  for f in \"$FROM\"/*; do case \"$f\" in */tickets.db*) ;; *) cp -a \"$f\" \"$TO/\";; esac; done";
    let made = Command::new("sh")
        .args(["-ec", script])
        .env("FROM", here.path("data"))
        .env("TO", backup.path("data"))
        .status()
        .unwrap();
    assert!(made.success());
    let mut restored = backup.serve();
    assert_eq!(seen(&restored), before);
    stop(&mut restored);
    stop(&mut server);
}
