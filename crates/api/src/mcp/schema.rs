//! Schemas of tools, cut out of the OpenAPI document.

use serde_json::{Map, Value, json};

/// How deep references are followed: deeper than any of ours goes.
const DEPTH: usize = 12;
/// What a schema says that a model has no use for.
const LEFT_OUT: [&str; 5] = ["example", "examples", "format", "pattern", "minLength"];

/// The OpenAPI document.
pub(super) struct Document(Value);

/// Where a parameter of an operation stands in its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Body,
}

/// What an operation takes under a name.
#[derive(Debug)]
pub(super) struct Parameter {
    pub place: Place,
    pub required: bool,
    pub schema: Value,
}

impl Document {
    /// Of the document's text.
    pub fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// What the operation takes under this name, if it takes such a thing.
    pub fn parameter(&self, method: &str, path: &str, name: &str) -> Option<Parameter> {
        let operation = self.operation(method, path)?;
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(parameter) = parameters.iter().find(|p| p["name"] == name) {
            let place = match parameter["in"].as_str()? {
                "path" => Place::Path,
                "query" => Place::Query,
                _ => Place::Header,
            };
            let mut schema = self.whole(&parameter["schema"], DEPTH);
            if let (Some(about), Some(schema)) =
                (parameter.get("description"), schema.as_object_mut())
            {
                schema.insert("description".to_owned(), about.clone());
            }
            if let Some(items) = schema.get_mut("items").and_then(Value::as_object_mut) {
                // The list itself is described.
                items.remove("description");
            }
            let required = parameter["required"] == true;
            return Some(Parameter { place, required, schema });
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = self.resolve(body);
        let schema = self.whole(body["properties"].get(name)?, DEPTH);
        let required =
            body["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
        Some(Parameter { place: Place::Body, required, schema })
    }

    /// The schema of what the operation answers when all is well.
    pub fn answer(&self, method: &str, path: &str) -> Option<&Value> {
        let responses = self.operation(method, path)?["responses"].as_object()?;
        // 201 before 200: the latter is the draft of a call that stores nothing.
        let found = ["201", "200"].iter().find_map(|status| responses.get(*status))?;
        Some(self.resolve(&found["content"]["application/json"]["schema"]))
    }

    /// The names and the types of an object's properties, without what is inside of them.
    pub fn outline(&self, object: &Value) -> Map<String, Value> {
        let properties = self.resolve(object)["properties"].as_object();
        let properties = properties.into_iter().flatten();
        properties.map(|(name, schema)| (name.clone(), self.kind(schema))).collect()
    }

    /// A schema behind a reference.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else { return schema };
        let pointer = reference.trim_start_matches('#');
        self.0.pointer(pointer).unwrap_or(schema)
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        self.0.get("paths")?.get(path)?.get(method)
    }

    /// The type alone.
    fn kind(&self, schema: &Value) -> Value {
        let resolved = self.resolve(schema);
        if let Some(kind) = resolved.get("type") {
            return json!({"type": kind});
        }
        let choices = resolved["oneOf"].as_array().into_iter().flatten();
        let kinds: Vec<Value> =
            choices.filter_map(|choice| self.resolve(choice).get("type").cloned()).collect();
        if kinds.is_empty() { json!({}) } else { json!({"type": kinds}) }
    }

    /// The schema without references, and without what only people read.
    fn whole(&self, schema: &Value, depth: usize) -> Value {
        if depth == 0 {
            return json!({});
        }
        match schema {
            Value::Object(object) if object.contains_key("$ref") => {
                let mut whole = self.whole(self.resolve(schema), depth - 1);
                // What is said beside a reference is nearer to the matter.
                if let (Some(about), Some(whole)) =
                    (object.get("description"), whole.as_object_mut())
                {
                    whole.insert("description".to_owned(), about.clone());
                }
                whole
            }
            Value::Object(object) => match one_or_null(object) {
                // Who leaves it out says null.
                Some(one) => self.whole(one, depth - 1),
                None => object
                    .iter()
                    .filter(|(key, _)| !LEFT_OUT.contains(&key.as_str()))
                    .map(|(key, value)| (key.clone(), self.whole(value, depth - 1)))
                    .collect(),
            },
            Value::Array(values) => values.iter().map(|v| self.whole(v, depth - 1)).collect(),
            plain => plain.clone(),
        }
    }
}

/// Takes `null` out of what a schema allows.
pub(super) fn forbid_null(schema: &mut Value) {
    let Some(kinds) = schema["type"].as_array_mut() else { return };
    kinds.retain(|kind| kind != "null");
    if let [kind] = kinds.as_slice() {
        schema["type"] = kind.clone();
    }
}

/// The one thing that a schema allows besides `null`.
fn one_or_null(schema: &Map<String, Value>) -> Option<&Value> {
    match schema.get("oneOf")?.as_array()?.as_slice() {
        [one, null] | [null, one] if null["type"] == "null" => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::parse(&crate::openapi::document())
    }

    #[test]
    fn a_parameter_is_found_where_it_stands() {
        let document = document();
        let place = |method, path, name| document.parameter(method, path, name).map(|p| p.place);
        assert_eq!(place("get", "/api/v1/tickets/{id}", "id"), Some(Place::Path));
        assert_eq!(place("get", "/api/v1/tickets", "status"), Some(Place::Query));
        assert_eq!(place("post", "/api/v1/tickets", "Idempotency-Key"), Some(Place::Header));
        assert_eq!(place("post", "/api/v1/tickets", "title"), Some(Place::Body));
        assert_eq!(place("post", "/api/v1/tickets", "no_such"), None);
        assert_eq!(place("get", "/no/such/path", "title"), None);
    }

    #[test]
    fn a_schema_stands_on_its_own() {
        let document = document();
        let priority = document.parameter("post", "/api/v1/tickets", "priority").unwrap();
        assert_eq!(priority.schema["enum"], json!(["low", "medium", "high", "critical"]));
        assert!(!priority.required);
        assert!(!priority.schema.to_string().contains("$ref"));
        assert!(document.parameter("post", "/api/v1/tickets", "title").unwrap().required);
    }

    #[test]
    fn an_outline_names_the_types() {
        let document = document();
        let ticket = document.answer("get", "/api/v1/tickets/{id}").unwrap();
        let outline = document.outline(ticket);
        assert_eq!(outline["number"], json!({"type": "integer"}));
        assert_eq!(outline["assignee"], json!({"type": ["object", "null"]}));
    }
}
