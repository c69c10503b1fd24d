//! The MCP door with what the official conformance suite looks for behind it, beside our own tools:
//!
//! ```text
//! cargo run -p atc-api --example mcp_fixtures
//! ```
//!
//! It says where it listens and an API token, on one line each, and ends with SIGTERM. For tests alone: the
//! database is a new one, its administrator has a password that everybody knows, and its clock stands still.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a tool of the tests")]
#![expect(deprecated, reason = "older clients are told what goes on, and the suite looks at it")]

mod handler;
mod prompts;
mod questions;
mod resources;
mod tools;

use atc_api::Server;
use atc_core::user::Role;
use atc_testkit::{TestApp, TestDb, listen};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use self::handler::Fixtures;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut ended = signal(SignalKind::terminate()).expect("signals can be listened to");
    let db = TestDb::sqlite().await;
    let app = TestApp::with(&db, |_, door| {
        door.mcp_allowed_hosts = Some(vec!["127.0.0.1".to_owned()]);
    });
    let person = app.login_as(Role::Admin, "suite@example.com").await;
    let new = json!({"name": "suite", "scopes": ["admin"]});
    let token = app.post("/tokens").bearer(&person).json(&new).await.expect(201).text("/token");
    let server = Server::bind(listen()).await.expect("a free port");
    println!("http://{}/mcp\n{token}", server.local_addr());
    let door = atc_api::mcp_with(app.state.clone(), Fixtures::around);
    let shutdown = app.app.shutdown_token();
    let until_ended = async {
        ended.recv().await;
        shutdown.cancel();
    };
    tokio::join!(server.run(door, app.app.tasks(), shutdown.clone()), until_ended);
    db.close().await;
}
