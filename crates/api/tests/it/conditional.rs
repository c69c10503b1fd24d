//! `ETag`, `If-None-Match` and `If-Match`.

use atc_testkit::{TestApp, TestDb, on_both_engines};
use serde_json::json;

use crate::fixtures::{create_ticket, people};

on_both_engines!(
    a_known_version_is_not_sent_again,
    a_stale_change_is_refused,
    the_last_write_wins_without_it
);

async fn a_known_version_is_not_sent_again(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let made = create_ticket(&app, &user, "A").await;
    let path = format!("/tickets/{}", made.text("/id"));
    let seen = app.get(&path).bearer(&user).await.expect(200);
    assert_eq!(seen.header("etag"), made.header("etag"));
    let known = app.get(&path).bearer(&user).header("if-none-match", seen.header("etag")).await;
    let known = known.expect(304);
    assert!(known.bytes.is_empty());
    assert_eq!(known.header("etag"), seen.header("etag"));
    app.get(&path).bearer(&user).header("if-none-match", "\"0\"").await.expect(200);
}

async fn a_stale_change_is_refused(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let made = create_ticket(&app, &people.user, "A").await;
    let path = format!("/tickets/{}", made.text("/id"));
    let change = |title: &str| json!({"title": title});
    let first = app.patch(&path).bearer(&people.user).header("if-match", made.header("etag"));
    let first = first.json(&change("B")).await.expect(200);
    assert_ne!(first.header("etag"), made.header("etag"));
    let stale = app.patch(&path).bearer(&people.user).header("if-match", made.header("etag"));
    assert_eq!(stale.json(&change("C")).await.expect(412).problem(), "precondition-failed");
    let weak = format!("W/{}", first.header("etag"));
    let weak = app.patch(&path).bearer(&people.user).header("if-match", &weak);
    weak.json(&change("C")).await.expect(412);
    let stale = app.delete(&path).bearer(&people.agent).header("if-match", made.header("etag"));
    stale.await.expect(412);
    assert_eq!(app.get(&path).bearer(&people.user).await.expect(200).text("/title"), "B");
    app.delete(&path).bearer(&people.agent).header("if-match", "*").await.expect(204);
}

async fn the_last_write_wins_without_it(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let made = create_ticket(&app, &user, "A").await;
    let path = format!("/tickets/{}", made.text("/id"));
    for title in ["B", "C"] {
        let put = app.call(http::Method::PUT, &path).bearer(&user).json(&json!({"title": title}));
        assert_eq!(put.await.expect(200).text("/title"), title);
    }
}
