//! What a tool is: a name, what it does, and the operation of the API behind it.

use std::sync::Arc;

use atc_core::policy::Action;
use http::Method;
use rmcp::model::{JsonObject, Tool as Listed, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::{
    answer,
    schema::{self, Document, Parameter, Place},
};
use crate::v1;

/// A tool as the table describes it.
pub(super) struct Tool {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    pub effect: Effect,
    pub work: Work,
}

/// What a call leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Reads,
    /// Something new.
    Adds,
    /// Something is not as it was.
    Changes,
}

/// What a tool does.
pub(super) enum Work {
    /// One operation.
    Plain,
    /// One operation, whose answer is a ticket that comes with its comments.
    Conversation,
    /// The operation on a file that is named or comes along, once it was read.
    Evidence(Evidence),
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It is stored; nobody waits for it to be read.
    Stored,
    /// What was said in it.
    Heard,
    /// What stands in it.
    Seen,
    /// What ticket it makes.
    Analyzed,
}

/// An operation of the API, as a tool uses it.
pub(super) struct Operation {
    pub method: Method,
    /// The path below the prefix of the API, or a path of the system.
    pub path: &'static str,
    pub takes: &'static [Take],
    /// What its body says besides.
    pub says: &'static [(&'static str, &'static str)],
    /// Which fields of the answer are given, unless the caller asks for others.
    pub gives: &'static [&'static str],
}

/// An argument of a tool, and which parameter of the operation it is.
pub(super) struct Take {
    pub name: &'static str,
    pub from: &'static str,
    pub needed: bool,
}

/// An argument that is named as the operation names it.
pub(super) const fn take(name: &'static str) -> Take {
    Take { name, from: name, needed: false }
}

/// An argument under a name of its own.
pub(super) const fn named(name: &'static str, from: &'static str) -> Take {
    Take { name, from, needed: false }
}

/// An argument that the tool needs although the operation does not.
pub(super) const fn needed(name: &'static str, from: &'static str) -> Take {
    Take { name, from, needed: true }
}

/// A tool, ready to be listed and called.
pub(super) struct Bound {
    pub tool: &'static Tool,
    pub operation: &'static Operation,
    pub listed: Listed,
    /// What it takes to call it.
    pub needs: Option<Action>,
    /// Its arguments, and what the operation says of each.
    pub arguments: Vec<(&'static Take, Parameter)>,
    /// Every field that the answer, or a row of it, has.
    pub fields: Vec<String>,
    /// Whether the answer is a list.
    pub list: Option<Pages>,
}

/// How long a list may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    /// It is given whole.
    One,
    /// It turns by cursor.
    Many,
}

impl Operation {
    /// The whole path.
    pub fn path(&self) -> String {
        if self.path == "/health" {
            self.path.to_owned()
        } else {
            v1::PREFIX.to_owned() + self.path
        }
    }
}

impl Bound {
    /// Ties a tool to its operation; `None` where the document does not know that, or an argument of it.
    pub fn new(
        tool: &'static Tool,
        operation: &'static Operation,
        needs: Option<Action>,
        document: &Document,
    ) -> Option<Self> {
        let method = operation.method.as_str().to_ascii_lowercase();
        let path = operation.path();
        let arguments = operation.takes.iter().map(|take| {
            let mut parameter = document.parameter(&method, &path, take.from)?;
            if operation.method != Method::PATCH || parameter.place != Place::Body {
                // Null says no more than leaving it out; only a change empties a field by it.
                schema::forbid_null(&mut parameter.schema);
            }
            parameter.required |= take.needed || parameter.place == Place::Path;
            Some((take, parameter))
        });
        let arguments: Vec<_> = arguments.collect::<Option<_>>()?;
        let answer = document.answer(&method, &path)?;
        let properties = &answer["properties"];
        let (row, list) = match properties.get("items") {
            Some(items) if properties.get("next_cursor").is_some() => {
                (&items["items"], Some(Pages::Many))
            }
            Some(items) => (&items["items"], Some(Pages::One)),
            None => (answer, None),
        };
        let mut outline = document.outline(row);
        match tool.work {
            Work::Plain => {}
            Work::Conversation => {
                outline.insert("comments".to_owned(), json!({"type": "array"}));
            }
            Work::Evidence(evidence) => outline = evidence.outline().unwrap_or(outline),
        }
        let listed = listed(tool, operation, &arguments, &outline, list);
        let fields = outline.into_iter().map(|(name, _)| name).collect();
        Some(Self { tool, operation, listed, needs, arguments, fields, list })
    }
}

fn listed(
    tool: &Tool,
    operation: &Operation,
    arguments: &[(&'static Take, Parameter)],
    outline: &Map<String, Value>,
    list: Option<Pages>,
) -> Listed {
    let mut hints =
        ToolAnnotations::new().read_only(tool.effect == Effect::Reads).open_world(false);
    if tool.effect != Effect::Reads {
        let changes = tool.effect == Effect::Changes;
        hints = hints.destructive(changes).idempotent(changes);
    }
    Listed::new(tool.name, tool.about, Arc::new(input(tool, arguments)))
        .with_title(tool.title)
        .with_raw_output_schema(Arc::new(output(operation, outline, list)))
        .with_annotations(hints)
}

/// The schema of the arguments.
fn input(tool: &Tool, arguments: &[(&'static Take, Parameter)]) -> JsonObject {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (take, parameter) in arguments {
        let schema = if take.from == answer::VERSION_HEADER {
            json!({"type": "integer", "description": answer::ABOUT_VERSION})
        } else {
            parameter.schema.clone()
        };
        properties.insert(take.name.to_owned(), schema);
        if parameter.required {
            required.push(take.name);
        }
    }
    if let Work::Evidence(evidence) = tool.work {
        evidence.describe(&mut properties);
        required.clear();
    }
    if tool.effect == Effect::Reads && !arguments.is_empty() {
        answer::describe(&mut properties);
    }
    let mut input = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        input["required"] = required.into();
    }
    object(input)
}

/// The schema of what is given usually; other fields may be asked for.
fn output(operation: &Operation, outline: &Map<String, Value>, list: Option<Pages>) -> JsonObject {
    let given = outline.iter().filter(|(name, _)| operation.gives.contains(&name.as_str()));
    let given: Map<String, Value> = given.map(|(n, s)| (n.clone(), s.clone())).collect();
    let row = json!({"type": "object", "properties": given});
    let Some(pages) = list else { return object(row) };
    let mut properties = json!({"items": {"type": "array", "items": row}});
    if pages == Pages::Many {
        properties["next_cursor"] = json!({"type": ["string", "null"]});
    }
    object(json!({"type": "object", "required": ["items"], "properties": properties}))
}

/// The object that a value is.
pub(super) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
