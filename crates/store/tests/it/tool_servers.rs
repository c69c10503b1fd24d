//! Servers of others, what they say of their tools, and what was allowed.

use std::time::Duration;

use atc_core::{
    id::ToolServerId,
    json::RawJson,
    tool_server::{
        Allowed, Approval, ServerName, ServerTool, ToolDefinition, ToolHints, ToolName, ToolServer,
    },
    webhook::EndpointUrl,
};
use atc_store::{Copy, Phase, Watch};
use atc_testkit::{TestDb, on_both_engines};
use chrono::DateTime;
use uuid::Uuid;

on_both_engines![
    a_server_is_kept_with_its_tools,
    two_servers_have_two_names,
    an_installation_that_moves_takes_them_along,
];

fn server(id: u128, name: &str) -> ToolServer {
    let at = DateTime::parse_from_rfc3339("2026-01-31T12:00:00Z").unwrap().to_utc();
    ToolServer {
        id: ToolServerId(Uuid::from_u128(id)),
        name: ServerName::parse(name).unwrap(),
        url: EndpointUrl::parse("https://example.com/mcp").unwrap(),
        has_token: true,
        header_names: vec!["x-api-key".to_owned(), "x-tenant".to_owned()],
        enabled: true,
        connect_timeout: Duration::from_secs(2),
        call_timeout: Duration::from_secs(10),
        checked_at: Some(at),
        last_error: None,
        note: Some("More.".to_owned()),
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

fn tool(name: &str, approval: Option<Approval>) -> ServerTool {
    let definition = ToolDefinition {
        title: Some("Ä \"tool\"".to_owned()),
        description: "Does\nthings.".to_owned(),
        input_schema: RawJson::trusted("{\"type\":\"object\"}".to_owned()),
        hints: ToolHints { read_only: Some(true), ..ToolHints::default() },
        digest: "d".repeat(64),
        unusable: None,
    };
    let allowed = approval.map(|approval| Allowed { approval, definition: definition.clone() });
    ServerTool { name: ToolName::parse(name).unwrap(), found: Some(definition), allowed }
}

async fn add(db: &TestDb, server: &ToolServer, tools: &[ServerTool]) {
    let tx = db.store.begin().await.unwrap();
    tx.tool_servers().insert(server, Some(b"sealed".to_vec())).await.unwrap();
    tx.tool_servers().set_tools(server.id, tools).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_server_is_kept_with_its_tools(db: &TestDb) {
    let mut sky = server(1, "sky");
    let tools = [tool("rain", Some(Approval::Always)), tool("weather", None)];
    add(db, &sky, &tools).await;
    let servers = db.store.tool_servers();
    assert_eq!(servers.get(sky.id).await.unwrap(), sky);
    assert_eq!(servers.tools(sky.id).await.unwrap(), tools);
    let whole = servers.get_with_secrets(sky.id).await.unwrap();
    assert_eq!(whole, (sky.clone(), Some(b"sealed".to_vec())));
    let allowed = servers.allowed_tools().await.unwrap();
    assert_eq!(allowed, [(sky.id, tools[0].clone())]);

    sky.enabled = false;
    sky.header_names.clear();
    sky.version = 2;
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.tool_servers().get_for_update(sky.id).await.unwrap().version, 1);
    tx.tool_servers().update(&sky).await.unwrap();
    tx.tool_servers().set_secrets(sky.id, None).await.unwrap();
    tx.tool_servers().note_failure(sky.id, "No answer.", sky.created_at).await.unwrap();
    tx.commit().await.unwrap();
    sky.last_error = Some("No answer.".to_owned());
    assert_eq!(servers.list().await.unwrap(), [sky.clone()]);
    assert_eq!(servers.get_with_secrets(sky.id).await.unwrap().1, None);
    assert_eq!(servers.allowed_tools().await.unwrap(), [], "it is not enabled");

    let tx = db.store.begin().await.unwrap();
    tx.tool_servers().delete(sky.id).await.unwrap();
    tx.commit().await.unwrap();
    servers.get(sky.id).await.unwrap_err();
    assert_eq!(servers.tools(sky.id).await.unwrap(), []);
}

async fn two_servers_have_two_names(db: &TestDb) {
    add(db, &server(1, "sky"), &[]).await;
    let tx = db.store.begin().await.unwrap();
    let taken = tx.tool_servers().insert(&server(2, "sky"), None).await.unwrap_err();
    assert!(taken.is_taken("name"), "{taken}");
}

struct Nobody;

impl Watch for Nobody {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
}

async fn an_installation_that_moves_takes_them_along(db: &TestDb) {
    let (sky, tools) = (server(1, "sky"), [tool("rain", Some(Approval::Always))]);
    add(db, &sky, &tools).await;
    let target = TestDb::sqlite().await;
    let copy = Copy::prepare(&db.store, &target.store).await.unwrap();
    copy.run(&Nobody).await.unwrap();
    let reports = copy.verify(&Nobody).await.unwrap();
    assert!(reports.iter().all(atc_store::TableReport::is_same), "{reports:?}");
    let servers = target.store.tool_servers();
    assert_eq!(servers.get(sky.id).await.unwrap(), sky);
    assert_eq!(servers.tools(sky.id).await.unwrap(), tools);
    let whole = servers.get_with_secrets(sky.id).await.unwrap();
    assert_eq!(whole, (sky.clone(), Some(b"sealed".to_vec())));
    target.close().await;
}
