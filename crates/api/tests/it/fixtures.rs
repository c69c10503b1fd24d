//! People and things that most tests begin with.

use atc_core::user::Role;
use atc_testkit::{Answer, TestApp};
use serde_json::{Value, json};

/// The access tokens of one person of each role.
pub struct People {
    pub admin: String,
    pub agent: String,
    pub user: String,
}

pub async fn people(app: &TestApp) -> People {
    People {
        admin: app.login_as(Role::Admin, "admin@example.com").await,
        agent: app.login_as(Role::Agent, "agent@example.com").await,
        user: app.login_as(Role::User, "user@example.com").await,
    }
}

pub fn ticket(title: &str) -> Value {
    json!({
        "title": title, "description": "It happened this morning.",
        "category": "technical", "priority": "medium"
    })
}

pub async fn create_ticket(app: &TestApp, token: &str, title: &str) -> Answer {
    app.post("/tickets").bearer(token).json(&ticket(title)).await.expect(201)
}

pub async fn user_id(app: &TestApp, token: &str) -> String {
    app.get("/auth/me").bearer(token).await.expect(200).text("/id")
}

/// Asks until the answer is as wanted; fails when it does not become so.
pub async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !ask().await {
        assert!(std::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
