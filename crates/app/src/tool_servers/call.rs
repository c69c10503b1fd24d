//! Calling a tool of another server.

use atc_core::{
    Ctx, Error, Result,
    id::{ConversationId, ToolServerId},
    json::RawJson,
    ports::ToolResult,
    tool_server::{MOST_ARGUMENT_BYTES, ToolName},
};
use serde_json::{Map, Value};

use super::{AllowedTool, ToolServerDetail, check::unavailable, offer::offer, secrets::address};
use crate::{App, agents::masked_json};

/// The most characters of a result that a model is shown.
const MOST_RESULT_CHARS: usize = 20_000;
/// How deep arguments may be nested.
const MOST_DEPTH: usize = 16;

impl App {
    /// Calls a tool once; one that needs a person's yes only where `approved` says that it was given for exactly
    /// these arguments. The result is a stranger's text: whoever shows it to a model fences it.
    ///
    /// # Errors
    /// Invalid when the arguments are not what the tool takes; forbidden without the approval it needs; not found
    /// when it is no longer offered; unavailable when the server gives nothing.
    pub async fn call_external_tool(
        &self,
        ctx: &Ctx,
        tool: &AllowedTool,
        arguments: &RawJson,
        approved: bool,
    ) -> Result<String> {
        self.call_external_tool_in(ctx, None, tool, arguments, approved).await
    }

    /// The same in a conversation, which the row of the ledger names.
    ///
    /// # Errors
    /// As [`App::call_external_tool`].
    pub(crate) async fn call_external_tool_in(
        &self,
        ctx: &Ctx,
        conversation: Option<ConversationId>,
        tool: &AllowedTool,
        arguments: &RawJson,
        approved: bool,
    ) -> Result<String> {
        let id = tool.server_id;
        let mut now = self.offered_now(tool).await?;
        check_arguments(arguments, &now.spec.parameters)?;
        now.check_approval(approved)?;
        if !self.tools_seen.lately(id) {
            self.check_tool_server(id).await?;
            now = self.offered_now(tool).await?;
            now.check_approval(approved)?;
        }
        let (server, secrets) = self.server_with_secrets(id).await?;
        let address = address(&server, secrets);
        // Where nobody has looked at them, they hold no secrets, card or account numbers.
        let masked = (!approved).then(|| masked_json(arguments));
        let arguments = masked.as_ref().unwrap_or(arguments);
        let record = self.record_call(ctx, conversation, &now, arguments, approved);
        let outcome = self.tools.call(&address, &now.tool, arguments).await;
        record.end(&outcome).await?;
        match outcome {
            Ok(result) => Ok(shown(result)),
            Err(e) => Err(unavailable(&e)),
        }
    }

    /// Calls a tool for an administrator who wants to see what it gives, and who has seen the arguments.
    ///
    /// # Errors
    /// As [`App::call_external_tool`].
    pub async fn try_external_tool(
        &self,
        ctx: &Ctx,
        id: ToolServerId,
        name: &ToolName,
        arguments: &RawJson,
    ) -> Result<String> {
        let gone = || Error::invalid_body("/tool", "This tool is not offered to agents.");
        let detail = self.get_tool_server(id).await?;
        let found = detail.tools.into_iter().find(|tool| tool.name == *name).ok_or_else(gone)?;
        let tool = offer(id, &detail.server.name, found).ok_or_else(gone)?;
        self.call_external_tool(ctx, &tool, arguments, true).await
    }

    /// The tool as it is offered at this moment, which may be another one than when the model was told of it.
    async fn offered_now(&self, tool: &AllowedTool) -> Result<AllowedTool> {
        let gone = || Error::not_found("tool");
        let ToolServerDetail { server, tools } = self.get_tool_server(tool.server_id).await?;
        let found = tools.into_iter().find(|t| t.name == tool.tool && server.enabled);
        let now = found.and_then(|found| offer(server.id, &server.name, found));
        // What was approved or decided upon is what the model was told of.
        now.filter(|now| now.spec == tool.spec).ok_or_else(gone)
    }
}

impl AllowedTool {
    fn check_approval(&self, approved: bool) -> Result<()> {
        if self.writes && !approved {
            return Err(Error::forbidden("Each call of this tool needs a person's approval."));
        }
        Ok(())
    }
}

/// Whether these are arguments that the tool takes: an object of bounded size, and no member that its schema
/// does not name, so that nothing leaves the house in a place where nobody looks.
fn check_arguments(arguments: &RawJson, schema: &RawJson) -> Result<()> {
    let invalid = |why: String| Error::invalid_body("/arguments", why);
    if arguments.as_str().len() > MOST_ARGUMENT_BYTES {
        let why = format!("The arguments are larger than {MOST_ARGUMENT_BYTES} bytes.");
        return Err(invalid(why));
    }
    let not_an_object = |_| invalid("The arguments must be a JSON object.".to_owned());
    let members: Map<String, Value> =
        serde_json::from_str(arguments.as_str()).map_err(not_an_object)?;
    if members.values().any(|value| deeper_than(value, MOST_DEPTH)) {
        return Err(invalid(format!("The arguments are nested more than {MOST_DEPTH} deep.")));
    }
    let schema: Value = serde_json::from_str(schema.as_str()).map_err(Error::internal)?;
    if takes_others(&schema) {
        return Ok(());
    }
    let known = schema.get("properties").and_then(Value::as_object);
    let unknown = members.keys().find(|name| !known.is_some_and(|known| known.contains_key(*name)));
    match unknown {
        Some(name) => Err(invalid(format!("The tool knows no argument named {name:?}."))),
        None => Ok(()),
    }
}

/// Whether a schema says itself that it takes members which it does not name.
fn takes_others(schema: &Value) -> bool {
    let other = schema.get("additionalProperties");
    let patterns = schema.get("patternProperties").is_some();
    patterns || other.is_some_and(|other| *other == Value::Bool(true) || other.is_object())
}

fn deeper_than(value: &Value, most: usize) -> bool {
    match (value, most.checked_sub(1)) {
        (Value::Array(_) | Value::Object(_), None) => true,
        (Value::Array(items), Some(left)) => items.iter().any(|item| deeper_than(item, left)),
        (Value::Object(members), Some(left)) => members.values().any(|m| deeper_than(m, left)),
        _ => false,
    }
}

/// What a model is shown of a result: never a cut that it is not told of.
fn shown(result: ToolResult) -> String {
    let text = if result.is_error {
        format!("The tool reports that it failed:\n{}", result.text)
    } else {
        result.text
    };
    let Some((cut, _)) = text.char_indices().nth(MOST_RESULT_CHARS) else { return text };
    let (kept, whole) = (&text[..cut], text.chars().count());
    format!("{kept}\n[Cut here: {MOST_RESULT_CHARS} of {whole} characters. Ask for less.]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(arguments: &str, schema: &str) -> Result<()> {
        let json = |text: &str| RawJson::trusted(text.to_owned());
        check_arguments(&json(arguments), &json(schema))
    }

    #[test]
    fn only_what_the_schema_names_leaves_the_house() {
        let schema = r#"{"type":"object","properties":{"city":{"type":"string"}}}"#;
        checked(r#"{"city":"Oslo"}"#, schema).unwrap();
        checked("{}", schema).unwrap();
        checked(r#"{"city":"Oslo","note":"the ticket says …"}"#, schema).unwrap_err();
        checked(r#"{"note":1}"#, r#"{"type":"object"}"#).unwrap_err();
        checked(r#"{"note":1}"#, r#"{"type":"object","additionalProperties":true}"#).unwrap();
        for wrong in ["[]", "1", "null", "\"a\"", "{"] {
            checked(wrong, schema).unwrap_err();
        }
        let large = format!(r#"{{"city":"{}"}}"#, "x".repeat(MOST_ARGUMENT_BYTES));
        checked(&large, schema).unwrap_err();
        let deep = format!(r#"{{"city":{}{}}}"#, "[".repeat(20), "]".repeat(20));
        checked(&deep, schema).unwrap_err();
    }

    #[test]
    fn a_cut_is_told() {
        let long = ToolResult { text: "ä".repeat(MOST_RESULT_CHARS + 1), is_error: false };
        let text = shown(long);
        assert!(text.ends_with("20000 of 20001 characters. Ask for less.]"), "{}", text.len());
        let failed = shown(ToolResult { text: "no".to_owned(), is_error: true });
        assert!(failed.starts_with("The tool reports that it failed"));
    }
}
