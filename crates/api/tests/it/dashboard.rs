//! The job dashboard: who gets in, what the pages show, and what their buttons do.

use atc_core::{job::JobState, user::Role};
use atc_testkit::{Answer, Call, PASSWORD, TestApp, TestDb, on_both_engines};
use chrono::TimeDelta;
use http::Method;
use serde_json::json;

use crate::jobs::{add, claim, fail};

on_both_engines![
    an_administrator_logs_in_and_out,
    a_wrong_password_is_told_and_counted,
    others_than_administrators_are_told_so,
    access_ends_with_the_role_and_after_a_working_day,
    nothing_is_changed_for_pages_of_somebody_else,
    a_job_is_retried_cancelled_and_deleted,
    a_queue_is_held_and_goes_on,
    what_jobs_say_is_text,
    secrets_are_not_shown,
    the_list_turns_its_pages,
    every_page_keeps_to_its_policy,
    behind_https_the_cookie_stays_there,
];

const FORM: &str = "application/x-www-form-urlencoded";

/// A post as a page of ours sends it.
fn post<'a>(app: &'a TestApp, path: &str) -> Call<'a> {
    let call = app.dashboard(Method::POST, path).header("host", "jobs.test:5555");
    call.header("sec-fetch-site", "same-origin")
}

fn credentials(email: &str, password: &str) -> String {
    let pairs = [("email", email), ("password", password), ("next", "/jobs?state=dead")];
    let encode = |text: &str| text.replace('@', "%40").replace('?', "%3F").replace(' ', "+");
    pairs.map(|(name, value)| format!("{name}={}", encode(value))).join("&")
}

async fn try_login(app: &TestApp, email: &str, password: &str) -> Answer {
    post(app, "/login").raw(FORM, credentials(email, password)).await
}

/// The cookie of an administrator who logged in through the form.
async fn log_in(app: &TestApp) -> String {
    app.login_as(Role::Admin, "admin@example.com").await;
    let answer = try_login(app, "admin@example.com", PASSWORD).await.expect(303);
    cookie(&answer)
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn page(app: &TestApp, cookie: &str, path: &str) -> Answer {
    app.dashboard(Method::GET, path).header("cookie", cookie).await
}

async fn press(app: &TestApp, cookie: &str, path: &str) -> Answer {
    post(app, path).header("cookie", cookie).await
}

fn html(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.bytes).into_owned()
}

async fn an_administrator_logs_in_and_out(db: &TestDb) {
    let app = TestApp::new(db);
    let asked = page(&app, "", "/jobs?state=dead").await.expect(303);
    assert_eq!(asked.header("location"), "/login?next=%2Fjobs%3Fstate%3Ddead");
    let form = page(&app, "", "/login?next=%2Fjobs%3Fstate%3Ddead").await.expect(200);
    assert!(html(&form).contains(r#"name="next" value="/jobs?state=dead""#), "{}", html(&form));

    app.login_as(Role::Admin, "admin@example.com").await;
    let entered = try_login(&app, "admin@example.com", PASSWORD).await.expect(303);
    assert_eq!(entered.header("location"), "/jobs?state=dead");
    let set = entered.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{part}: {set}");
    }
    assert!(!set.contains("Secure"), "it came by plain HTTP");
    let cookie = cookie(&entered);
    let shown = page(&app, &cookie, "/").await.expect(200);
    assert!(html(&shown).contains("admin@example.com"));
    assert_eq!(shown.header("cache-control"), "no-store");
    page(&app, &cookie, "/login").await.expect(303);

    let left = press(&app, &cookie, "/logout").await.expect(303);
    assert!(left.header("set-cookie").contains("Max-Age=0"), "{}", left.header("set-cookie"));
    page(&app, &cookie, "/").await.expect(303);
    page(&app, "atc_dashboard=atr_AAAA", "/").await.expect(303);
}

async fn a_wrong_password_is_told_and_counted(db: &TestDb) {
    let app = TestApp::with(db, |config, _| config.rate_limits.auth_per_minute = 3);
    app.login_as(Role::Admin, "other@example.com").await;
    app.login_as(Role::Admin, "admin@example.com").await;
    for (email, password) in
        [("admin@example.com", "a wrong password"), ("nobody@example.com", PASSWORD)]
    {
        let answer = try_login(&app, email, password).await.expect(401);
        let text = html(&answer);
        assert!(text.contains("The e-mail or the password is wrong."), "{text}");
        assert!(text.contains(&format!("value=\"{email}\"")), "what was typed stays");
        assert!(!text.contains(password) && answer.header("set-cookie").is_empty());
    }
    // The login by the API counts as well: this was the third of this address.
    try_login(&app, "admin@example.com", "a wrong password").await.expect(401);
    let refused = try_login(&app, "admin@example.com", PASSWORD).await.expect(429);
    assert!(!refused.header("retry-after").is_empty());
    assert!(html(&refused).contains("Too many requests"), "{}", html(&refused));
    try_login(&app, "other@example.com", PASSWORD).await.expect(303);
}

async fn others_than_administrators_are_told_so(db: &TestDb) {
    let app = TestApp::new(db);
    for (role, email) in [(Role::User, "user@example.com"), (Role::Agent, "agent@example.com")] {
        app.login_as(role, email).await;
        let answer = try_login(&app, email, PASSWORD).await.expect(403);
        assert!(html(&answer).contains("you are no administrator"), "{}", html(&answer));
        assert_eq!(answer.header("set-cookie"), "");
    }
}

async fn access_ends_with_the_role_and_after_a_working_day(db: &TestDb) {
    let app = TestApp::new(db);
    let cookie = log_in(&app).await;
    app.clock.advance(TimeDelta::hours(11));
    page(&app, &cookie, "/").await.expect(200);
    app.clock.advance(TimeDelta::hours(1));
    page(&app, &cookie, "/").await.expect(303);

    let again = try_login(&app, "admin@example.com", PASSWORD).await.expect(303);
    let again = self::cookie(&again);
    app.login_as(Role::Admin, "other@example.com").await;
    let email = atc_core::user::Email::parse("admin@example.com").expect("an address");
    app.app.set_role_as_operator(&email, Role::Agent).await.expect("demoted");
    let refused = page(&app, &again, "/").await.expect(403);
    assert!(html(&refused).contains("needs the role admin"), "{}", html(&refused));
    press(&app, &again, "/queues/default/pause").await.expect(403);
}

async fn nothing_is_changed_for_pages_of_somebody_else(db: &TestDb) {
    let app = TestApp::new(db);
    let cookie = log_in(&app).await;
    let id = add(db, &app, &json!({})).await;
    let path = format!("/jobs/{id}/cancel");
    let plain = || app.dashboard(Method::POST, &path).header("cookie", &cookie);
    let foreign = [
        plain(),
        plain().header("host", "jobs.test").header("origin", "http://evil.test"),
        plain().header("host", "jobs.test").header("origin", "null"),
        plain().header("host", "jobs.test").header("sec-fetch-site", "cross-site"),
        plain().header("host", "jobs.test").header("sec-fetch-site", "same-site"),
    ];
    for call in foreign {
        let answer = call.await.expect(403);
        assert!(html(&answer).contains("did not come from a page of this server"));
    }
    let login = app.dashboard(Method::POST, "/login").header("origin", "http://evil.test");
    login.raw(FORM, credentials("admin@example.com", PASSWORD)).await.expect(403);
    // Another method does not get around it.
    app.dashboard(Method::GET, &path).header("cookie", &cookie).await.expect(405);
    let job = db.store.jobs().find(id).await.expect("asked").expect("the job");
    assert_eq!(job.state, JobState::Ready);
    let own = plain().header("host", "jobs.test").header("origin", "http://jobs.test");
    own.await.expect(303);
}

async fn a_job_is_retried_cancelled_and_deleted(db: &TestDb) {
    let app = TestApp::new(db);
    let cookie = log_in(&app).await;
    add(db, &app, &json!({})).await;
    let id = fail(db, &app, "no such file").await;
    let at = format!("/jobs/{id}");
    let shown = html(&page(&app, &cookie, &at).await.expect(200));
    for part in ["no such file", "failed for good", "Retry", "Delete for good", "tester"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let answer = press(&app, &cookie, &format!("{at}/retry")).await.expect(303);
    assert_eq!(answer.header("location"), at);
    let conflict = press(&app, &cookie, &format!("{at}/retry")).await.expect(409);
    assert!(html(&conflict).contains("this one waits"), "{}", html(&conflict));

    claim(db, &app).await;
    let shown = html(&page(&app, &cookie, &at).await.expect(200));
    assert!(shown.contains("Cancel") && !shown.contains("Delete for good"), "{shown}");
    press(&app, &cookie, &format!("{at}/delete")).await.expect(409);
    press(&app, &cookie, &format!("{at}/cancel")).await.expect(303);
    let answer = press(&app, &cookie, &format!("{at}/delete")).await.expect(303);
    assert_eq!(answer.header("location"), "/jobs");
    let gone = page(&app, &cookie, &at).await.expect(404);
    assert!(gone.header("content-type").starts_with("text/html"));
    assert!(html(&gone).contains("There is no such job"), "{}", html(&gone));
}

async fn a_queue_is_held_and_goes_on(db: &TestDb) {
    let app = TestApp::new(db);
    let cookie = log_in(&app).await;
    add(db, &app, &json!({})).await;
    assert!(html(&page(&app, &cookie, "/").await).contains("/queues/default/pause"));
    press(&app, &cookie, "/queues/default/pause").await.expect(303);
    let held = html(&page(&app, &cookie, "/").await.expect(200));
    assert!(held.contains("paused") && held.contains("/queues/default/resume"), "{held}");
    press(&app, &cookie, "/queues/default/resume").await.expect(303);
    assert_eq!(db.store.jobs().paused_queues().await.expect("asked"), Vec::<String>::new());
    press(&app, &cookie, "/queues/nowhere/pause").await.expect(404);
}

async fn what_jobs_say_is_text(db: &TestDb) {
    let app = TestApp::new(db);
    let cookie = log_in(&app).await;
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    add(db, &app, &json!({ script: script })).await;
    let id = fail(db, &app, script).await;
    for path in ["/", "/jobs", &format!("/jobs/{id}")] {
        let answer = page(&app, &cookie, path).await.expect(200);
        let text = html(&answer);
        assert!(!text.contains("<script>alert") && !text.contains("<img"), "{path}: {text}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && !text.contains(" style="), "{policy}");
        assert_eq!(text.matches("<script").count(), 1, "only our own file: {text}");
    }
    let shown = html(&page(&app, &cookie, &format!("/jobs/{id}")).await);
    assert!(shown.contains("&lt;script&gt;alert(1)"), "{shown}");
    let typed = try_login(&app, "\"><script>alert(3)</script>", PASSWORD).await.expect(401);
    assert!(!html(&typed).contains("<script>alert"));
    let filtered = page(&app, &cookie, "/jobs?kind=%3Cscript%3E").await.expect(422);
    assert!(!html(&filtered).contains("<script>"), "{}", html(&filtered));
}

async fn secrets_are_not_shown(db: &TestDb) {
    let app = TestApp::new(db);
    let cookie = log_in(&app).await;
    let payload =
        json!({"url": "https://u:hunter2@example.com", "access_token": "hunter2", "n": 7});
    let id = add(db, &app, &payload).await;
    for path in ["/", "/jobs", &format!("/jobs/{id}")] {
        let text = html(&page(&app, &cookie, path).await.expect(200));
        assert!(!text.contains("hunter2"), "{path}: {text}");
    }
    let text = html(&page(&app, &cookie, &format!("/jobs/{id}")).await);
    assert!(text.contains("[redacted]") && text.contains("&quot;n&quot;: 7"), "{text}");
}

async fn the_list_turns_its_pages(db: &TestDb) {
    let app = TestApp::new(db);
    let cookie = log_in(&app).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(add(db, &app, &json!({"n": n})).await.to_string());
    }
    let mut at = "/jobs?state=ready&queue=&kind=&limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let text = html(&page(&app, &cookie, &at).await.expect(200));
        seen.extend(ids.iter().filter(|id| text.contains(&format!("/jobs/{id}"))).cloned());
        let Some((_, rest)) = text.split_once("rel=\"next\" href=\"") else { break };
        at = rest.split('"').next().unwrap_or_default().replace("&amp;", "&");
    }
    seen.sort();
    ids.sort();
    assert_eq!(seen, ids, "each once");
    page(&app, &cookie, "/jobs?cursor=AAAA").await.expect(422);
}

async fn every_page_keeps_to_its_policy(db: &TestDb) {
    let app = TestApp::new(db);
    for (path, kind) in [
        ("/assets/dashboard.css", "text/css"),
        ("/assets/dashboard.js", "text/javascript"),
        ("/assets/icon.svg", "image/svg+xml"),
        ("/login", "text/html"),
    ] {
        let answer = page(&app, "", path).await.expect(200);
        assert!(answer.header("content-type").starts_with(kind), "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'self'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        let text = html(&answer);
        let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http:") && !elsewhere.contains("https:"), "{path}");
    }
    let nowhere = page(&app, "", "/nowhere").await.expect(404);
    assert!(nowhere.header("content-type").starts_with("text/html"));
    page(&app, "", "/api/v1/jobs").await.expect(404);
    let large =
        post(&app, "/login").raw(FORM, "email=a&password=".to_owned() + &"x".repeat(20_000));
    large.await.expect(400);
}

async fn behind_https_the_cookie_stays_there(db: &TestDb) {
    let app = TestApp::with(db, |_, api| {
        api.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    });
    app.login_as(Role::Admin, "admin@example.com").await;
    let call = post(&app, "/login").header("x-forwarded-proto", "https");
    let answer = call.raw(FORM, credentials("admin@example.com", PASSWORD)).await.expect(303);
    assert!(answer.header("set-cookie").contains("; Secure"), "{}", answer.header("set-cookie"));
    let untrusting = TestApp::new(db);
    let call = post(&untrusting, "/login").header("x-forwarded-proto", "https");
    let answer = call.raw(FORM, credentials("admin@example.com", PASSWORD)).await.expect(303);
    assert!(!answer.header("set-cookie").contains("Secure"));
}
