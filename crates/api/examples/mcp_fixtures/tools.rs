//! The tools, in the order in which the suite names them.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, LoggingLevel,
        ProgressNotificationParam, ResourceContents, Tool,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use crate::{handler::Fixtures, questions};

/// A picture of one red pixel.
pub const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
pub const IMAGE: &str = "image/png";
/// A recording without a single sample.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
/// The tool that comes and goes.
const DYNAMIC: &str = "test_dynamic_tool";

/// The tools without arguments that ask nothing.
const PLAIN: &[(&str, &str)] = &[
    ("test_simple_text", "Returns a text."),
    ("test_image_content", "Returns a picture."),
    ("test_audio_content", "Returns a recording."),
    ("test_embedded_resource", "Returns a resource."),
    ("test_multiple_content_types", "Returns a text, a picture and a resource."),
    ("test_tool_with_logging", "Tells three times what it does."),
    ("test_logging_tool", "Tells three times what it does, to those who want to know."),
    ("test_error_handling", "Always fails."),
    ("test_tool_with_progress", "Tells how far it is."),
    ("test_trigger_tool_change", "Lets a tool come, or go."),
    ("test_trigger_prompt_change", "Lets a prompt come, or go."),
];

/// Every tool.
pub fn all(fixtures: &Fixtures) -> Vec<Tool> {
    let plain = PLAIN.iter().chain(questions::TOOLS).copied();
    let dynamic = fixtures.tools.is_there().then_some((DYNAMIC, "Comes and goes."));
    let simple = plain.chain(dynamic).map(|(name, about)| tool(name, about, &json!({})));
    let header = json!({"region": {"type": "string", "x-mcp-header": "Region"}});
    let more = [
        tool("test_x_mcp_header", "Takes an argument that a header repeats.", &header),
        with_schema(
            "json_schema_2020_12_tool",
            "Takes what a schema of 2020-12 describes.",
            schema_2020_12(),
        ),
    ];
    simple.chain(more).collect()
}

fn tool(name: &'static str, about: &'static str, properties: &Value) -> Tool {
    with_schema(name, about, json!({"type": "object", "properties": properties}))
}

fn with_schema(name: &'static str, about: &'static str, schema: Value) -> Tool {
    let Value::Object(schema) = schema else { return Tool::default() };
    Tool::new(name, about, Arc::new(schema))
}

/// A schema with what a server that knows older drafts alone would drop.
fn schema_2020_12() -> Value {
    let text = || json!({"type": "string"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {
            "$anchor": "addressDef", "type": "object",
            "properties": {"street": text(), "city": text()}
        }},
        "properties": {
            "name": text(), "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": text(), "email": text()
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false
    })
}

/// What a tool gives; `None` where it is none of the fixtures'.
pub async fn call(
    fixtures: &Fixtures,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Option<Result<CallToolResponse, ErrorData>> {
    let content = match &*request.name {
        "test_simple_text" => vec![text("This is a simple text response for testing.")],
        "test_image_content" => vec![ContentBlock::image(PNG, IMAGE)],
        "test_audio_content" => vec![ContentBlock::audio(WAV, "audio/wav")],
        "test_embedded_resource" => {
            vec![embedded("test://embedded-resource", "This is an embedded resource content.")]
        }
        "test_multiple_content_types" => vec![
            text("Multiple content types test:"),
            ContentBlock::image(PNG, IMAGE),
            ContentBlock::resource(
                ResourceContents::text(
                    json!({"test": "data", "value": 123}).to_string(),
                    "test://mixed-content-resource",
                )
                .with_mime_type("application/json"),
            ),
        ],
        "test_tool_with_logging" | "test_logging_tool" => {
            for what in ["execution started", "processing data", "execution completed"] {
                fixtures.log(context, LoggingLevel::Info, &format!("Tool {what}")).await;
            }
            vec![text("It was told.")]
        }
        "test_error_handling" => {
            let failed = text("This tool intentionally returns an error for testing");
            return Some(Ok(CallToolResult::error(vec![failed]).into()));
        }
        "test_tool_with_progress" => {
            for percent in [0.0, 50.0, 100.0] {
                progress(context, percent).await;
            }
            vec![text("It is done.")]
        }
        "test_trigger_tool_change" => {
            fixtures.tools.change();
            vec![text("A tool came, or went.")]
        }
        "test_trigger_prompt_change" => {
            fixtures.prompts.change();
            vec![text("A prompt came, or went.")]
        }
        DYNAMIC if fixtures.tools.is_there() => vec![text("I am there.")],
        "test_x_mcp_header" | "json_schema_2020_12_tool" => {
            vec![text(&Value::from(request.arguments.clone()).to_string())]
        }
        _ => return questions::call(&fixtures.sealed, request, context),
    };
    Some(Ok(CallToolResult::success(content).into()))
}

async fn progress(context: &RequestContext<RoleServer>, percent: f64) {
    let Some(token) = context.meta.get_progress_token() else { return };
    let told = ProgressNotificationParam::new(token, percent).with_total(100.0);
    // Who has gone away needs to hear nothing.
    let _ = context.peer.notify_progress(told).await;
}

pub fn text(text: &str) -> ContentBlock {
    ContentBlock::text(text)
}

pub fn embedded(uri: &str, text: &str) -> ContentBlock {
    ContentBlock::resource(ResourceContents::text(text, uri))
}
