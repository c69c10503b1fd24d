//! Registering, logging in, refreshing, logging out, tokens, users.

use atc_core::user::Role;
use atc_testkit::{PASSWORD, TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use serde_json::json;

use crate::fixtures::{people, user_id};

on_both_engines!(
    whoever_registers_is_a_user_and_can_log_in,
    registration_can_be_closed,
    a_wrong_password_and_an_unknown_address_look_the_same,
    a_refresh_token_serves_once,
    racing_tabs_get_the_same_successor,
    two_refreshes_at_once_agree,
    whoever_races_with_a_stolen_token_wins_nothing,
    logging_out_ends_everything_of_the_session,
    a_new_password_ends_the_other_sessions,
    an_access_token_ends_by_itself,
    a_deactivated_person_loses_access_at_once,
    the_last_administrator_stays,
    an_api_token_is_shown_once_and_bounded_by_its_scopes,
    an_expired_or_deleted_token_proves_nothing,
);

async fn whoever_registers_is_a_user_and_can_log_in(db: &TestDb) {
    let app = TestApp::new(db);
    let body = json!({"email": "New@Example.com", "password": PASSWORD, "full_name": "New"});
    let user = app.post("/auth/register").json(&body).await.expect(201);
    assert_eq!(
        (user.text("/role"), user.text("/email")),
        ("user".into(), "New@Example.com".into())
    );
    assert!(user.body.get("password").is_none() && user.body.get("password_hash").is_none());

    let again = json!({"email": "new@EXAMPLE.com", "password": PASSWORD, "full_name": "New"});
    assert_eq!(app.post("/auth/register").json(&again).await.expect(409).problem(), "conflict");

    let login = json!({"email": "NEW@example.com", "password": PASSWORD});
    let session = app.post("/auth/login").json(&login).await.expect(200);
    assert_eq!(session.text("/token_type"), "bearer");
    assert_eq!(session.body["expires_in"], 900);
    assert_eq!(session.header("cache-control"), "no-store");
    let me = app.get("/auth/me").bearer(&session.text("/access_token")).await.expect(200);
    assert_eq!(me.body["id"], session.body["user"]["id"]);
}

async fn registration_can_be_closed(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.registration_open = false);
    let body = json!({"email": "new@example.com", "password": PASSWORD, "full_name": "New"});
    let refused = app.post("/auth/register").json(&body).await.expect(403);
    assert_eq!(refused.problem(), "registration-closed");
}

async fn a_wrong_password_and_an_unknown_address_look_the_same(db: &TestDb) {
    let app = TestApp::new(db);
    people(&app).await;
    let wrong = json!({"email": "user@example.com", "password": "not the password"});
    let unknown = json!({"email": "nobody@example.com", "password": PASSWORD});
    let a = app.post("/auth/login").json(&wrong).await.expect(401);
    let b = app.post("/auth/login").json(&unknown).await.expect(401);
    assert_eq!(a.header("www-authenticate"), "Bearer");
    for member in ["type", "title", "status", "detail"] {
        assert_eq!(a.body[member], b.body[member]);
    }
}

/// Logs in and gives the access token and the refresh token.
async fn login(app: &TestApp, email: &str) -> (String, String) {
    let body = json!({"email": email, "password": PASSWORD});
    let session = app.post("/auth/login").json(&body).await.expect(200);
    (session.text("/access_token"), session.text("/refresh_token"))
}

async fn a_refresh_token_serves_once(db: &TestDb) {
    let app = TestApp::new(db);
    people(&app).await;
    let (access, first) = login(&app, "user@example.com").await;
    let second = app.post("/auth/refresh").json(&json!({"refresh_token": first})).await.expect(200);
    let newest = second.text("/refresh_token");
    assert_ne!(newest, first);

    app.clock.advance(TimeDelta::seconds(11));
    app.post("/auth/refresh").json(&json!({"refresh_token": first})).await.expect(401);
    // The reuse ended the session for every holder.
    app.post("/auth/refresh").json(&json!({"refresh_token": newest})).await.expect(401);
    app.get("/auth/me").bearer(&access).await.expect(401);
    app.get("/auth/me").bearer(&second.text("/access_token")).await.expect(401);
    for junk in ["", "x", &"A".repeat(5_000)] {
        app.post("/auth/refresh").json(&json!({"refresh_token": junk})).await.expect(401);
    }
}

async fn racing_tabs_get_the_same_successor(db: &TestDb) {
    let app = TestApp::new(db);
    people(&app).await;
    let (_, first) = login(&app, "user@example.com").await;
    let body = json!({"refresh_token": first});
    let one = app.post("/auth/refresh").json(&body).await.expect(200);
    app.clock.advance(TimeDelta::seconds(9));
    let other = app.post("/auth/refresh").json(&body).await.expect(200);
    assert_eq!(one.text("/refresh_token"), other.text("/refresh_token"));
    let newest = json!({"refresh_token": one.text("/refresh_token")});
    app.post("/auth/refresh").json(&newest).await.expect(200);
    // Now it is two steps behind, and leeway is for the token just before the newest alone.
    app.post("/auth/refresh").json(&body).await.expect(401);
}

async fn two_refreshes_at_once_agree(db: &TestDb) {
    let app = TestApp::new(db);
    people(&app).await;
    let (_, first) = login(&app, "user@example.com").await;
    let body = json!({"refresh_token": first});
    let refresh = || async { app.post("/auth/refresh").json(&body).await.expect(200) };
    let (a, b, c, d) = tokio::join!(refresh(), refresh(), refresh(), refresh());
    for other in [b, c, d] {
        assert_eq!(a.text("/refresh_token"), other.text("/refresh_token"));
    }
}

async fn whoever_races_with_a_stolen_token_wins_nothing(db: &TestDb) {
    let app = TestApp::new(db);
    people(&app).await;
    for round in 0..5 {
        let (_, stolen) = login(&app, "user@example.com").await;
        let refresh = |token: String| {
            let app = &app;
            async move { app.post("/auth/refresh").json(&json!({"refresh_token": token})).await }
        };
        let owner = refresh(stolen.clone()).await.expect(200).text("/refresh_token");
        app.clock.advance(TimeDelta::seconds(11));
        // The thief and the owner at once: whatever order they come in, the session ends for both.
        let (thief, owner, again, late) = tokio::join!(
            refresh(stolen.clone()),
            refresh(owner.clone()),
            refresh(stolen.clone()),
            refresh(owner.clone()),
        );
        assert_eq!((thief.status.as_u16(), again.status.as_u16()), (401, 401), "{round}");
        for answer in [owner, late].into_iter().filter(|answer| answer.status == 200) {
            let access = answer.text("/access_token");
            app.get("/auth/me").bearer(&access).await.expect(401);
            refresh(answer.text("/refresh_token")).await.expect(401);
        }
    }
}

async fn logging_out_ends_everything_of_the_session(db: &TestDb) {
    let app = TestApp::new(db);
    people(&app).await;
    let (access, refresh) = login(&app, "user@example.com").await;
    let (other, _) = login(&app, "user@example.com").await;
    app.delete("/auth/logout").bearer(&access).await.expect(204);
    app.get("/auth/me").bearer(&access).await.expect(401);
    app.post("/auth/refresh").json(&json!({"refresh_token": refresh})).await.expect(401);
    app.get("/auth/me").bearer(&other).await.expect(200);
}

async fn a_new_password_ends_the_other_sessions(db: &TestDb) {
    let app = TestApp::new(db);
    people(&app).await;
    let (mine, my_refresh) = login(&app, "user@example.com").await;
    let (other, other_refresh) = login(&app, "user@example.com").await;
    let change =
        |current: &str| json!({"password": "a new long password", "current_password": current});
    app.patch("/auth/me")
        .bearer(&mine)
        .json(&json!({"password": "a new long password"}))
        .await
        .expect(422);
    app.patch("/auth/me").bearer(&mine).json(&change("not the present one")).await.expect(422);
    app.patch("/auth/me").bearer(&mine).json(&change(PASSWORD)).await.expect(200);
    app.get("/auth/me").bearer(&other).await.expect(401);
    app.post("/auth/refresh").json(&json!({"refresh_token": other_refresh})).await.expect(401);
    app.get("/auth/me").bearer(&mine).await.expect(200);
    app.post("/auth/refresh").json(&json!({"refresh_token": my_refresh})).await.expect(200);
    let old = json!({"email": "user@example.com", "password": PASSWORD});
    app.post("/auth/login").json(&old).await.expect(401);
}

async fn an_access_token_ends_by_itself(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    app.clock.advance(TimeDelta::seconds(899));
    app.get("/auth/me").bearer(&user).await.expect(200);
    app.clock.advance(TimeDelta::seconds(1));
    let refused = app.get("/auth/me").bearer(&user).await.expect(401);
    assert_eq!(refused.header("www-authenticate"), "Bearer");
}

async fn a_deactivated_person_loses_access_at_once(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let agent = user_id(&app, &people.agent).await;
    app.get("/teams").bearer(&people.agent).await.expect(200);
    let path = format!("/users/{agent}");
    app.patch(&path).bearer(&people.admin).json(&json!({"role": "user"})).await.expect(200);
    app.get("/teams").bearer(&people.agent).await.expect(403);
    app.patch(&path).bearer(&people.admin).json(&json!({"is_active": false})).await.expect(200);
    app.get("/auth/me").bearer(&people.agent).await.expect(401);
    let login = json!({"email": "agent@example.com", "password": PASSWORD});
    app.post("/auth/login").json(&login).await.expect(401);
}

async fn the_last_administrator_stays(db: &TestDb) {
    let app = TestApp::new(db);
    let first = app.login_as(Role::Admin, "first@example.com").await;
    let id = user_id(&app, &first).await;
    let path = format!("/users/{id}");
    for body in [json!({"role": "agent"}), json!({"is_active": false})] {
        let refused = app.patch(&path).bearer(&first).json(&body).await.expect(409);
        assert_eq!(refused.problem(), "last-admin");
    }
    let second = app.login_as(Role::Admin, "second@example.com").await;
    app.patch(&path).bearer(&second).json(&json!({"role": "agent"})).await.expect(200);
}

async fn an_api_token_is_shown_once_and_bounded_by_its_scopes(db: &TestDb) {
    let app = TestApp::new(db);
    let people = people(&app).await;
    let body = json!({"name": "CI", "scopes": ["tickets:read"]});
    let made = app.post("/tokens").bearer(&people.agent).json(&body).await.expect(201);
    let token = made.text("/token");
    assert!(token.starts_with("atc_"));
    let listed = app.get("/tokens").bearer(&people.agent).await.expect(200);
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(&token));

    app.get("/tickets").bearer(&token).await.expect(200);
    let refused = app.post("/tickets").bearer(&token).json(&crate::fixtures::ticket("A")).await;
    assert!(refused.expect(403).text("/detail").contains("tickets:write"));
    app.get("/knowledge/articles").bearer(&token).await.expect(403);
    app.get("/tokens").bearer(&token).await.expect(403);

    let admin_scope = json!({"name": "All", "scopes": ["admin"]});
    let made = app.post("/tokens").bearer(&people.user).json(&admin_scope).await.expect(201);
    app.get("/users").bearer(&made.text("/token")).await.expect(403);
}

async fn an_expired_or_deleted_token_proves_nothing(db: &TestDb) {
    let app = TestApp::new(db);
    let user = people(&app).await.user;
    let past =
        json!({"name": "T", "scopes": ["tickets:read"], "expires_at": "2026-01-31T11:00:00Z"});
    assert_eq!(
        app.post("/tokens").bearer(&user).json(&past).await.expect(422).faults(),
        ["/expires_at"]
    );
    let soon =
        json!({"name": "T", "scopes": ["tickets:read"], "expires_at": "2026-01-31T12:01:00Z"});
    let made = app.post("/tokens").bearer(&user).json(&soon).await.expect(201);
    app.get("/tickets").bearer(&made.text("/token")).await.expect(200);
    app.clock.advance(TimeDelta::minutes(1));
    app.get("/tickets").bearer(&made.text("/token")).await.expect(401);

    let body = json!({"name": "T", "scopes": ["tickets:read"]});
    let made = app.post("/tokens").bearer(&user).json(&body).await.expect(201);
    app.delete(&format!("/tokens/{}", made.text("/id"))).bearer(&user).await.expect(204);
    app.get("/tickets").bearer(&made.text("/token")).await.expect(401);
    app.delete(&format!("/tokens/{}", made.text("/id"))).bearer(&user).await.expect(404);
}
