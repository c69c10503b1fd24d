//! The program on PostgreSQL and Redis.

use atc_testkit::{TestDb, found};
use serde_json::json;

use crate::{
    program::Installation,
    transfer::{category, lines, parsed, tickets},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_works_on_the_servers_that_are_named() {
    let Some(db) = TestDb::postgres().await else { return };
    let url = db.url.replace("postgresql://", "postgresql+asyncpg://");
    let redis = found("TEST_REDIS_URL").unwrap_or_default();
    let installation = Installation::new().with("DATABASE_URL", &url).with("REDIS_URL", &redis);

    installation.run(&["migrate", "down", "--steps", "99"]).expect(0);
    installation.run_with(&["import", "categories", "-"], &lines(&[category()])).expect(0);
    installation.run_with(&["import", "tickets", "-"], &lines(&tickets())).expect(0);
    let said = installation.run_with(&["import", "tickets", "-"], &lines(&tickets())).expect(0);
    assert!(said.err.contains("0 made, 3 there already, 0 failed"), "{}", said.err);
    assert_eq!(parsed(&installation.run(&["export", "tickets"]).expect(0).out), tickets());
    assert!(!installation.path("data/tickets.db").exists());

    let mut server = installation.serve();
    let token = server.log_in("admin@localhost", installation.read("data/admin-password").trim());
    let ticket = json!({
        "title": "t", "description": "d", "category": "hardware", "priority": "low",
    });
    assert_eq!(server.call("POST", "/tickets", &token, Some(&ticket)).status, 201);
    assert_eq!(server.call("GET", "/tickets/4", &token, None).body["title"], "t");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    db.close().await;
}

#[test]
fn a_database_that_is_away_is_told_without_its_password() {
    let installation = Installation::new()
        .with("DATABASE_URL", "postgresql://tickets:hunter2@127.0.0.1:1/tickets")
        .with("DATABASE_ACQUIRE_TIMEOUT_MS", "500");
    let said = installation.run(&["migrate", "status"]).expect(1);
    assert!(said.err.contains("DATABASE_URL"), "{}", said.err);
    assert!(!said.err.contains("hunter2"), "{}", said.err);
}
