//! Schemas of answers, as far as each vendor takes them.
//!
//! Both refuse a request whose schema has a keyword that they cannot enforce. Such keywords are left out:
//! the answer may then be wider than wished, and is read against the whole schema where it is used.
//! OpenAI: "Structured model outputs", supported schemas; Anthropic: "Structured outputs", JSON Schema
//! limitations.

use serde_json::{Map, Value, json};

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    OpenAi,
    Anthropic,
}

/// Keywords that neither enforces.
const NEITHER: [&str; 16] = [
    "$schema",
    "$id",
    "$comment",
    "examples",
    "default",
    "minLength",
    "maxLength",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedProperties",
];
/// Keywords that Anthropic does not enforce either.
const NOT_ANTHROPIC: [&str; 8] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "pattern",
    "maxItems",
    "minItems",
];

/// The schema without what cannot be enforced, and with every object closed.
pub(crate) fn fitted(schema: &Value, rules: Rules) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let mut kept = Map::new();
    for (name, value) in members {
        let dropped = NEITHER.contains(&name.as_str())
            || rules == Rules::Anthropic && NOT_ANTHROPIC.contains(&name.as_str());
        if dropped {
            continue;
        }
        let value = match (name.as_str(), value) {
            ("properties" | "$defs" | "definitions", Value::Object(named)) => {
                let each = named.iter().map(|(name, schema)| (name.clone(), fitted(schema, rules)));
                Value::Object(each.collect())
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(each)) => {
                Value::Array(each.iter().map(|schema| fitted(schema, rules)).collect())
            }
            ("items" | "additionalProperties", schema) => fitted(schema, rules),
            (_, value) => value.clone(),
        };
        // Of what one of several forms fits, any form may be said.
        let name = if name == "oneOf" { "anyOf" } else { name };
        kept.insert(name.to_owned(), value);
    }
    if kept.contains_key("properties") {
        kept.entry("additionalProperties").or_insert(json!(false));
    }
    Value::Object(kept)
}

/// Whether OpenAI can hold the model to the schema (`strict`): all objects are closed and every property is
/// required.
pub(crate) fn is_strict(schema: &Value) -> bool {
    schema["type"] == "object" && schema.get("anyOf").is_none() && strict_below(schema)
}

fn strict_below(schema: &Value) -> bool {
    let Value::Object(members) = schema else { return true };
    if ["allOf", "not", "if", "dependentRequired", "dependentSchemas"]
        .iter()
        .any(|k| members.contains_key(*k))
    {
        return false;
    }
    if let Some(Value::Object(properties)) = members.get("properties") {
        let required = members.get("required").and_then(Value::as_array);
        let is_required = |name: &String| required.is_some_and(|all| all.iter().any(|r| r == name));
        if members.get("additionalProperties") != Some(&json!(false))
            || !properties.keys().all(is_required)
        {
            return false;
        }
    } else if members.get("type") == Some(&json!("object")) {
        return false;
    }
    members.iter().all(|(name, value)| match (name.as_str(), value) {
        ("properties" | "$defs" | "definitions", Value::Object(named)) => {
            named.values().all(strict_below)
        }
        ("anyOf" | "prefixItems", Value::Array(each)) => each.iter().all(strict_below),
        ("items", schema) => strict_below(schema),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_enforced_is_left_out_and_a_property_of_that_name_stays() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "pattern": { "type": "string", "minLength": 1, "pattern": "^a" },
                "list": { "type": "array", "maxItems": 3, "items": { "oneOf": [{ "type": "integer", "minimum": 0 }] } },
            },
            "required": ["pattern", "list"],
        });
        let anthropic = json!({
            "type": "object",
            "properties": {
                "pattern": { "type": "string" },
                "list": { "type": "array", "items": { "anyOf": [{ "type": "integer" }] } },
            },
            "required": ["pattern", "list"],
            "additionalProperties": false,
        });
        assert_eq!(fitted(&schema, Rules::Anthropic), anthropic);
        let openai = fitted(&schema, Rules::OpenAi);
        assert_eq!(openai["properties"]["pattern"], json!({ "type": "string", "pattern": "^a" }));
        assert_eq!(openai["properties"]["list"]["maxItems"], 3);
        assert!(is_strict(&openai));
    }

    #[test]
    fn strict_is_what_leaves_nothing_open() {
        let object = |inner: Value, required: Value| json!({ "type": "object", "properties": { "a": inner }, "required": required, "additionalProperties": false });
        assert!(is_strict(&object(json!({ "type": ["string", "null"] }), json!(["a"]))));
        assert!(!is_strict(&object(json!({ "type": "string" }), json!([]))));
        assert!(!is_strict(&object(json!({ "type": "object" }), json!(["a"]))));
        assert!(!is_strict(&object(json!({ "allOf": [] }), json!(["a"]))));
        assert!(!is_strict(&json!({ "type": "array", "items": {} })));
    }
}
