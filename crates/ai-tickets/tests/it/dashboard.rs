//! The job dashboard of the running program, in a real browser.

use atc_core::{
    job::{JobId, JobKind, NewJob, Queue},
    json::RawJson,
};
use atc_store::{Config, Store};
use atc_testkit::found;
use uuid::Uuid;

use crate::{browser::Page, program::Installation};

/// Adds a job to the database of a running server, beside it.
async fn add(installation: &Installation, payload: &str) -> JobId {
    let store = Store::connect(Config {
        url: format!("sqlite://{}", installation.path("data/tickets.db").display()),
        max_connections: 1,
        acquire_timeout_ms: 10_000,
        statement_timeout_ms: 10_000,
        replica_url: None,
        sqlite_full_sync: false,
    });
    let store = store.await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test makes its own ids")]
    let id = JobId(Uuid::now_v7());
    let new = NewJob {
        id,
        queue: Queue::parse("default").unwrap(),
        kind: JobKind::parse("system.sweep.v1").unwrap(),
        payload: RawJson::trusted(payload.to_owned()),
        unique_key: None,
        max_attempts: 5,
        run_at: None,
    };
    let tx = store.begin().await.unwrap();
    tx.jobs().enqueue(&new).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_sees_a_failed_job_and_retries_it() {
    let Some(browser) = found("TEST_BROWSER") else { return };
    let installation = Installation::new().with("BACKGROUND_POLL_MS", "50");
    let server = installation.serve();
    let address = server.dashboard();
    let payload = r#"["<img src=x onerror='document.title = 1'>", {"password": "hunter2"}]"#;
    let id = add(&installation, payload).await;

    let mut page = Page::open(&browser);
    page.go(&format!("http://{address}/jobs/{id}"));
    page.until("location.pathname === '/login' && document.readyState === 'complete'");
    page.write("#email", "admin@localhost");
    page.write("#password", installation.read("data/admin-password").trim());
    page.click("button[type=submit]");

    // It comes back to the job that was asked for; the payload cannot be read, so that it fails.
    page.until(&format!("location.pathname === '/jobs/{id}'"));
    page.until("document.querySelector('.head .badge')?.textContent === 'failed'");
    page.until("document.querySelectorAll('#attempts tbody tr').length === 1");
    let shown = page.value("document.querySelector('#payload').textContent");
    let shown = shown.as_str().unwrap();
    assert!(shown.contains("<img src=x") && shown.contains("[redacted]"), "{shown}");
    assert_eq!(page.value("document.querySelectorAll('img').length"), 0);
    assert_eq!(page.value("document.cookie"), "", "no script sees the session");

    page.click("#retry");
    // The page shows the second attempt by itself.
    page.until("document.querySelectorAll('#attempts tbody tr').length === 2");
    page.until("document.querySelector('.head .badge')?.textContent === 'failed'");

    page.go(&format!("http://{address}/"));
    page.until("document.querySelector('#workers tbody tr') !== null");
    page.until("document.querySelector('.tile.failed strong')?.textContent === '1'");
    page.until("document.querySelector('#live')?.textContent === 'Live'");
    page.click("#pause-default");
    page.until("document.querySelector('#resume-default') !== null");
    // What is added from now on waits, and the open page shows it without being loaded again.
    page.value("window.same = true");
    add(&installation, "{}").await;
    page.until("document.querySelector('.tile.ready strong')?.textContent === '1'");
    assert_eq!(page.value("window.same"), true);
    assert_eq!(page.complaints, Vec::<String>::new());

    // Everything works without scripts as well.
    page.without_scripts(true);
    page.go(&format!("http://{address}/jobs/{id}"));
    page.until("document.querySelector('.sure summary') !== null");
    page.click(".sure summary");
    page.click("#delete");
    page.until("location.pathname === '/jobs'");
    page.without_scripts(false);
    page.go(&format!("http://{address}/jobs/{id}"));
    page.until("document.body.innerText.includes('There is no such job')");
}

#[test]
fn the_dashboard_has_a_role_and_a_port_of_its_own() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let installation = Installation::new().with("DASHBOARD_PORT", &port);
    let said = installation.run(&["serve"]).expect(1);
    assert!(said.err.contains("set DASHBOARD_PORT to another port"), "{}", said.err);
    let off = Installation::new().with("DASHBOARD_PORT", "off");
    let said = off.run(&["serve", "--roles", "dashboard"]).expect(1);
    assert!(said.err.contains("DASHBOARD_PORT is off"), "{}", said.err);
    assert!(!off.path("data/tickets.db").exists(), "the database was not touched");
}
