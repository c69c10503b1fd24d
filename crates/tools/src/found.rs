//! What a server says of its tools, cut to what is worth showing.

use std::{collections::HashSet, fmt::Write as _};

use atc_core::{
    json::RawJson,
    ports::FoundTools,
    tool_server::{MOST_TOOLS, ToolDefinition, ToolHints, ToolName},
};
use aws_lc_rs::digest::{SHA256, digest};
use rmcp::model::Tool;
use serde_json::{Map, Value, json};

use crate::result::clean;

/// The most characters of a description.
const MOST_DESCRIPTION: usize = 2_000;
/// The most characters of a title.
const MOST_TITLE: usize = 100;
/// The most bytes of a schema.
const MOST_SCHEMA_BYTES: usize = 16 * 1024;
/// How deep a schema may be nested.
const MOST_DEPTH: usize = 24;

/// Sorts what a server listed: each name once, no more than are looked at.
pub(crate) fn found(listed: &[Tool], more: bool) -> FoundTools {
    let mut seen = HashSet::new();
    let mut unnamed = 0_usize;
    let mut tools = Vec::new();
    for tool in listed {
        let name = ToolName::parse(tool.name.as_ref());
        let Some(name) = name.ok().filter(|name| seen.insert(name.clone())) else {
            unnamed += 1;
            continue;
        };
        tools.push((name, definition(tool)));
    }
    let many = more || tools.len() > MOST_TOOLS;
    tools.truncate(MOST_TOOLS);
    let mut notes = Vec::new();
    if many {
        notes
            .push(format!("The server lists more tools than the {MOST_TOOLS} that are looked at."));
    }
    if unnamed > 0 {
        notes.push(format!("{unnamed} tools without a name of their own were left out."));
    }
    let note = (!notes.is_empty()).then(|| notes.join(" "));
    FoundTools { tools, note }
}

fn definition(tool: &Tool) -> ToolDefinition {
    let hints = tool.annotations.as_ref();
    let hinted = |read: fn(&rmcp::model::ToolAnnotations) -> Option<bool>| hints.and_then(read);
    let title = tool.title.as_ref().or_else(|| hints.and_then(|hints| hints.title.as_ref()));
    let schema = Value::Object((*tool.input_schema).clone());
    let (input_schema, unusable) = match checked(&schema) {
        Ok(text) => (RawJson::trusted(text), None),
        Err(why) => (RawJson::empty_object(), Some(why)),
    };
    ToolDefinition {
        title: title.map(|title| clean(title, MOST_TITLE)),
        description: clean(tool.description.as_deref().unwrap_or_default(), MOST_DESCRIPTION),
        input_schema,
        hints: ToolHints {
            read_only: hinted(|h| h.read_only_hint),
            destructive: hinted(|h| h.destructive_hint),
            idempotent: hinted(|h| h.idempotent_hint),
            open_world: hinted(|h| h.open_world_hint),
        },
        digest: whole_digest(tool, &schema),
        unusable,
    }
}

/// The text of a schema that a model may be shown.
fn checked(schema: &Value) -> Result<String, String> {
    if depth(schema) > MOST_DEPTH {
        return Err(format!("Its schema is nested more than {MOST_DEPTH} deep."));
    }
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err("Its schema does not say that its arguments are an object.".to_owned());
    }
    let Some(seen) = as_seen(schema) else {
        return Err("Its schema has names with characters that people do not see.".to_owned());
    };
    let text = sorted(seen).to_string();
    if text.len() > MOST_SCHEMA_BYTES {
        return Err(format!("Its schema is larger than {MOST_SCHEMA_BYTES} bytes."));
    }
    Ok(text)
}

/// The reader of JSON has bounded the depth already, so that this ends.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The same value as people see it; `None` where a name has what they do not see.
fn as_seen(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(Value::String(clean(text, usize::MAX))),
        Value::Array(items) => items.iter().map(as_seen).collect(),
        Value::Object(members) => {
            let seen = members.iter().map(|(name, value)| {
                let plain = clean(name, usize::MAX) == *name;
                plain.then(|| Some((name.clone(), as_seen(value)?))).flatten()
            });
            seen.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        plain => Some(plain.clone()),
    }
}

/// Over everything that says what a tool is, in an order of our own: a server may send members in any.
fn whole_digest(tool: &Tool, input_schema: &Value) -> String {
    let whole = json!({
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "input_schema": input_schema,
        "output_schema": tool.output_schema,
        "annotations": tool.annotations,
    });
    let text = sorted(whole).to_string();
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The same value with the members of every object in order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            let sorted_members = members.into_iter().map(|(name, value)| (name, sorted(value)));
            Value::Object(sorted_members.collect::<Map<_, _>>())
        }
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(value: Value) -> Tool {
        serde_json::from_value(value).unwrap()
    }

    fn one(value: Value) -> ToolDefinition {
        found(&[tool(value)], false).tools.remove(0).1
    }

    #[test]
    fn the_digest_sees_what_the_cut_hides_and_not_the_order() {
        let long = |end: &str| format!("{}{end}", "x".repeat(MOST_DESCRIPTION));
        let with = |description: String| {
            one(json!({"name": "a", "description": description, "inputSchema": {"type": "object"}}))
        };
        let (before, after) = (with(long("a")), with(long("b")));
        assert_eq!(before.description, after.description);
        assert_ne!(before.digest, after.digest);
        let one_way =
            r#"{"name":"a","inputSchema":{"type":"object","properties":{"b":{},"a":{}}}}"#;
        let other = r#"{"inputSchema":{"properties":{"a":{},"b":{}},"type":"object"},"name":"a"}"#;
        let read = |text: &str| one(serde_json::from_str(text).unwrap());
        assert_eq!(read(one_way), read(other));
    }

    #[test]
    fn a_schema_that_is_too_much_is_not_shown() {
        let mut deep = json!({"type": "object"});
        for _ in 0..MOST_DEPTH {
            deep = json!({"type": "object", "properties": {"a": deep}});
        }
        let wide = json!({"type": "object", "description": "x".repeat(MOST_SCHEMA_BYTES)});
        for schema in [deep, wide, json!({"type": "string"}), json!({})] {
            let found = one(json!({"name": "a", "inputSchema": schema}));
            assert!(found.unusable.is_some(), "{found:?}");
            assert_eq!(found.input_schema, RawJson::empty_object());
        }
    }

    #[test]
    fn a_schema_hides_nothing_from_people() {
        let with = |properties: Value| {
            one(json!({"name": "a", "inputSchema": {"type": "object", "properties": properties}}))
        };
        let found = with(json!({"a": {"description": "A city.\u{e0041}\u{200b}"}}));
        assert!(found.input_schema.as_str().contains("\"A city.\""), "{found:?}");
        assert!(with(json!({"a\u{200b}": {}})).unusable.is_some());
    }

    #[test]
    fn each_name_counts_once_and_no_more_than_are_looked_at() {
        let named = |name: String| tool(json!({"name": name, "inputSchema": {"type": "object"}}));
        let mut listed: Vec<_> = (0..70).map(|n| named(format!("t{n}"))).collect();
        listed.insert(1, named("t0".to_owned()));
        listed.insert(1, named("a b".to_owned()));
        let found = found(&listed, false);
        assert_eq!(found.tools.len(), MOST_TOOLS);
        let note = found.note.unwrap();
        assert!(note.contains("more tools") && note.contains("2 tools"), "{note}");
    }
}
