//! From the arguments of a tool to a call of the API.

use http::{HeaderName, Method};
use serde_json::{Map, Value};

use super::{
    answer,
    rest::{Call, Refusal},
    schema::Place,
    tool::{Bound, Take},
};

/// Puts the arguments where the operation takes them; what they hold, the API judges.
///
/// # Errors
/// When an argument is missing or unknown.
pub(super) fn call(bound: &Bound, arguments: &Map<String, Value>) -> Result<Call, Refusal> {
    check(bound, arguments)?;
    let mut call = Call::new(&bound.operation.path());
    let mut body = Map::new();
    for (Take { name, from, .. }, parameter) in &bound.arguments {
        let Some(value) = arguments.get(*name) else { continue };
        if value.is_null() && !takes_null(&parameter.schema) {
            // Many a model sends null for what it leaves out.
            continue;
        }
        match parameter.place {
            Place::Path => call.fill(from, &text(value)),
            Place::Query => match value {
                Value::Array(values) => {
                    let values = values.iter().map(|value| ((*from).to_owned(), text(value)));
                    call.query.extend(values);
                }
                value => call.query.push(((*from).to_owned(), text(value))),
            },
            Place::Header => {
                let value = text(value);
                let value =
                    if *from == answer::VERSION_HEADER { format!("\"{value}\"") } else { value };
                if let Ok(header) = HeaderName::try_from(*from) {
                    call.headers.push((header, value));
                }
            }
            Place::Body => {
                body.insert((*from).to_owned(), value.clone());
            }
        }
    }
    let says = bound.operation.says.iter().map(|(key, word)| ((*key).to_owned(), (*word).into()));
    body.extend(says);
    let has_body = matches!(bound.operation.method, Method::POST | Method::PATCH);
    Ok(if has_body { call.json(&Value::Object(body)) } else { call })
}

fn check(bound: &Bound, arguments: &Map<String, Value>) -> Result<(), Refusal> {
    let known = |name: &String| bound.arguments.iter().any(|(take, _)| take.name == name);
    if let Some(unknown) = arguments.keys().find(|name| !known(name)) {
        let names: Vec<&str> = bound.arguments.iter().map(|(take, _)| take.name).collect();
        let text =
            format!("{unknown}: there is no such argument; these are: {}.", names.join(", "));
        return Err(Refusal::new(422, text));
    }
    let is_missing = |name: &str| match arguments.get(name) {
        None | Some(Value::Null) => true,
        Some(value) => value.as_str().is_some_and(str::is_empty),
    };
    let required = bound.arguments.iter().filter(|(_, parameter)| parameter.required);
    let missing: Vec<&str> =
        required.map(|(take, _)| take.name).filter(|name| is_missing(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(422, format!("These arguments are needed: {}.", missing.join(", "))))
}

fn takes_null(schema: &Value) -> bool {
    schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
