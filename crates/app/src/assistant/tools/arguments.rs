//! The arguments of the tools: what a model is told of them, and how they are read. A model's words are
//! taken as strictly as a request's body.

use atc_core::{
    file::FileId,
    id::{TicketNumber, TicketRef},
    json::RawJson,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::Fault;

/// The most bytes of the arguments of a call.
const MOST_BYTES: usize = 200_000;

pub(super) const QUERY_SCHEMA: &str = r#"{"type":"object","properties":{"query":{"type":"string","minLength":1,"maxLength":500,"description":"The question, or words."}},"required":["query"],"additionalProperties":false}"#;
pub(super) const SEARCH_TICKETS_SCHEMA: &str = r#"{"type":"object","properties":{"query":{"type":"string","minLength":1,"maxLength":500,"description":"Words of the ticket, or what it is about."},"status":{"type":"string","enum":["new","open","in_progress","pending","resolved","closed","cancelled"]}},"required":["query"],"additionalProperties":false}"#;
pub(super) const GET_TICKET_SCHEMA: &str = r#"{"type":"object","properties":{"ticket":{"type":"integer","minimum":1,"description":"The number of the ticket."}},"required":["ticket"],"additionalProperties":false}"#;
pub(super) const READ_FILE_SCHEMA: &str = r#"{"type":"object","properties":{"file_id":{"type":"string","format":"uuid","description":"The id of the file, as get_ticket lists it."},"page":{"type":"integer","minimum":1},"from_second":{"type":"number","minimum":0},"find":{"type":"string","maxLength":200}},"required":["file_id"],"additionalProperties":false}"#;
pub(super) const TICKET_SCHEMA: &str = r#"{"type":"object","properties":{"title":{"type":"string","minLength":1,"maxLength":200,"description":"One line that names the problem."},"description":{"type":"string","minLength":1,"maxLength":50000,"description":"What happened, as the person said it, in their words and language."}},"required":["title","description"],"additionalProperties":false}"#;
pub(super) const COMMENT_SCHEMA: &str = r#"{"type":"object","properties":{"ticket":{"type":"integer","minimum":1,"description":"Left out: the ticket that the conversation is about."},"body":{"type":"string","minLength":1,"maxLength":50000},"internal":{"type":"boolean","description":"For staff: a note that only staff see."}},"required":["body"],"additionalProperties":false}"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    pub query: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchTickets {
    pub query: String,
    pub status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GetTicket {
    pub ticket: TicketName,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadFile {
    pub file_id: FileId,
    pub page: Option<u32>,
    pub from_second: Option<f64>,
    pub find: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTicketWords {
    pub title: String,
    pub description: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCommentWords {
    pub ticket: Option<TicketName>,
    pub body: String,
    pub internal: Option<bool>,
}

/// A ticket by its number; models also write `"12"` and `"#12"`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum TicketName {
    Number(i64),
    Text(String),
}

impl TicketName {
    /// Which ticket it names.
    pub fn reference(&self) -> Result<TicketRef, Fault> {
        let found = match self {
            Self::Number(n) => (*n > 0).then_some(TicketRef::Number(TicketNumber(*n))),
            Self::Text(text) => text.trim().trim_start_matches('#').parse().ok(),
        };
        found.ok_or_else(|| Fault::call("`ticket` is the number of a ticket."))
    }
}

/// Reads the arguments of a call; what the tool does not know is a fault.
pub(super) fn read<T: DeserializeOwned>(arguments: &RawJson) -> Result<T, Fault> {
    if arguments.as_str().len() > MOST_BYTES {
        return Err(Fault::call(format!("The arguments are larger than {MOST_BYTES} bytes.")));
    }
    serde_json::from_str(arguments.as_str())
        .map_err(|e| Fault::call(format!("The arguments are not as the tool takes them: {e}.")))
}

/// A query that is not empty and not too long.
pub(super) fn query(text: &str) -> Result<&str, Fault> {
    const MOST: usize = 500;
    let text = text.trim();
    if text.is_empty() || text.contains('\0') {
        return Err(Fault::call("`query` must not be empty."));
    }
    Ok(text.char_indices().nth(MOST).map_or(text, |(end, _)| &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text<T: DeserializeOwned>(json: &str) -> Result<T, Fault> {
        read(&RawJson::trusted(json.to_owned()))
    }

    #[test]
    fn what_a_tool_does_not_know_is_refused() {
        assert!(read_text::<Search>(r#"{"query":"x"}"#).is_ok());
        for json in [r#"{"query":"x","as":"admin"}"#, "{}", "[]", r#"{"query":1}"#] {
            assert!(read_text::<Search>(json).is_err(), "{json}");
        }
        assert!(
            read_text::<NewTicketWords>(r#"{"title":"a","description":"b","priority":"low"}"#)
                .is_err()
        );
    }

    #[test]
    fn a_ticket_is_named_by_number() {
        for json in [r#"{"ticket":12}"#, r##"{"ticket":"#12"}"##, r#"{"ticket":"12"}"#] {
            let named: GetTicket = read_text(json).unwrap();
            assert_eq!(named.ticket.reference().unwrap(), TicketRef::Number(TicketNumber(12)));
        }
        let named: GetTicket = read_text(r#"{"ticket":"x"}"#).unwrap();
        assert!(named.ticket.reference().is_err());
    }

    #[test]
    fn every_schema_is_json() {
        for text in [
            QUERY_SCHEMA,
            SEARCH_TICKETS_SCHEMA,
            GET_TICKET_SCHEMA,
            READ_FILE_SCHEMA,
            TICKET_SCHEMA,
            COMMENT_SCHEMA,
        ] {
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{text}");
        }
    }
}
