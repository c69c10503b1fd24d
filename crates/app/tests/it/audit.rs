//! The audit trail: what is sealed cannot be changed unnoticed.

use atc_app::AuditFault;
use atc_core::user::Role;
use atc_testkit::{TestApp, TestDb, on_both_engines};
use serde_json::json;

on_both_engines![
    a_trail_that_nobody_touched_is_whole,
    whatever_is_changed_is_found,
    what_was_cut_off_is_found_by_a_hash_kept_elsewhere,
];

/// An installation with three sealed tickets, of two seals.
async fn sealed(db: &TestDb) -> TestApp {
    let app = TestApp::new(db);
    let user = app.login_as(Role::User, "user@example.com").await;
    for n in 0..3 {
        let ticket = json!({"title": format!("Ticket {n}"), "description": "It broke."});
        app.post("/tickets").bearer(&user).json(&ticket).await.expect(201);
        if n != 1 {
            app.app.seal_audit().await.unwrap();
        }
    }
    app
}

async fn a_trail_that_nobody_touched_is_whole(db: &TestDb) {
    let app = sealed(db).await;
    let verified = app.app.verify_audit(None).await.unwrap().unwrap();
    assert_eq!((verified.seals, verified.entries, verified.unsealed), (2, 3, 0));
    app.app.verify_audit(Some(&verified.head)).await.unwrap().unwrap();

    let user = app.login_as(Role::User, "second@example.com").await;
    let ticket = json!({"title": "Later", "description": "It broke."});
    app.post("/tickets").bearer(&user).json(&ticket).await.expect(201);
    let later = app.app.verify_audit(Some(&verified.head)).await.unwrap().unwrap();
    assert_eq!((later.entries, later.unsealed), (3, 1));
    let mut lines = Vec::new();
    app.app
        .export_audit(|seal, record| {
            lines.push((seal.map(|seal| seal.0), record.kind.clone()));
            Ok(())
        })
        .await
        .unwrap();
    let seals: Vec<_> = lines.iter().map(|line| line.0).collect();
    assert_eq!(seals, [Some(1), Some(2), Some(2), None]);
}

async fn whatever_is_changed_is_found(db: &TestDb) {
    let app = sealed(db).await;
    let head = app.app.verify_audit(None).await.unwrap().unwrap().head;
    let broken = |number| Err(AuditFault::Broken(number));
    for (tamper, undo, fault) in [
        (
            "UPDATE ticket_events SET kind = kind || 'x' WHERE sequence = 2",
            "UPDATE ticket_events SET kind = substr(kind, 1, length(kind) - 1) WHERE sequence = 2",
            broken(2),
        ),
        (
            "UPDATE ticket_events SET internal = true WHERE sequence = 1",
            "UPDATE ticket_events SET internal = false WHERE sequence = 1",
            broken(1),
        ),
        (
            "UPDATE ticket_events SET seal_number = 2 WHERE sequence = 1",
            "UPDATE ticket_events SET seal_number = 1 WHERE sequence = 1",
            broken(1),
        ),
        // As if it had never been sealed.
        (
            "UPDATE ticket_events SET seal_number = NULL WHERE sequence = 3",
            "UPDATE ticket_events SET seal_number = 2 WHERE sequence = 3",
            broken(2),
        ),
        (
            "UPDATE ticket_events SET seal_number = 9 WHERE sequence = 3; \
             UPDATE audit_seals SET entries = 1 WHERE number = 2",
            "UPDATE ticket_events SET seal_number = 2 WHERE sequence = 3; \
             UPDATE audit_seals SET entries = 2 WHERE number = 2",
            broken(2),
        ),
        (
            "UPDATE audit_seals SET number = 3 WHERE number = 2",
            "UPDATE audit_seals SET number = 2 WHERE number = 3",
            Err(AuditFault::Missing(2)),
        ),
    ] {
        db.execute(tamper).await;
        assert_eq!(app.app.verify_audit(None).await.unwrap(), fault, "{tamper}");
        db.execute(undo).await;
        app.app.verify_audit(Some(&head)).await.unwrap().unwrap();
    }
    db.execute("DELETE FROM ticket_events WHERE sequence = 1").await;
    assert_eq!(app.app.verify_audit(None).await.unwrap(), broken(1));
}

async fn what_was_cut_off_is_found_by_a_hash_kept_elsewhere(db: &TestDb) {
    let app = sealed(db).await;
    let head = app.app.verify_audit(None).await.unwrap().unwrap().head;
    db.execute("DELETE FROM audit_seals WHERE number = 2").await;
    let fault = app.app.verify_audit(None).await.unwrap();
    assert_eq!(fault, Err(AuditFault::Orphans(2)));
    db.execute("DELETE FROM ticket_events WHERE seal_number = 2").await;
    app.app.verify_audit(None).await.unwrap().unwrap();
    let fault = app.app.verify_audit(Some(&head)).await.unwrap();
    assert_eq!(fault, Err(AuditFault::Unexpected));
}
