//! The form of an answer about a ticket, made from the categories, teams and tags as they are now.

use atc_core::{
    Error, Result,
    category::{Category, Slug},
    chat::AnswerSchema,
    id::TeamId,
    json::RawJson,
    team::Team,
    text::{Tag, Title},
    ticket::Priority,
};
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};

use super::structured::object_in;

/// The most characters of a summary.
const SUMMARY_CHARS: usize = 1_000;
/// The most characters of a suggested reply.
const REPLY_CHARS: usize = 5_000;
/// The most characters of a reason.
const REASON_CHARS: usize = 500;
/// The most tags that a model may give.
const MOST_TAGS: usize = 8;
/// The most faults that a model is told.
const MOST_FAULTS: usize = 5;

/// What a language model says of a ticket, every part of it legal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TicketAdvice {
    pub title: Title,
    pub category: Slug,
    pub priority: Priority,
    pub team: Option<TeamId>,
    pub tags: Vec<Tag>,
    pub summary: String,
    pub suggested_reply: Option<String>,
    pub reason: String,
}

/// The form, and what checks an answer against it.
pub(crate) struct TicketForm {
    /// What the model is shown: providers refuse bounds of lengths.
    pub asked: AnswerSchema,
    checked: Validator,
    teams: Vec<Team>,
}

/// The words of an answer before they are checked once more by their types.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    title: String,
    category: String,
    priority: String,
    team: Option<String>,
    tags: Vec<String>,
    summary: String,
    suggested_reply: Option<String>,
    reason: String,
}

impl TicketForm {
    /// The form for these categories and teams.
    ///
    /// # Errors
    /// Internal, when it is no schema.
    pub fn new(categories: &[Category], teams: Vec<Team>) -> Result<Self> {
        let checked = schema(categories, &teams, true);
        let checked =
            jsonschema::validator_for(&checked).map_err(|e| Error::internal(e.to_string()))?;
        let asked = schema(categories, &teams, false).to_string();
        let asked = AnswerSchema { name: "ticket", schema: RawJson::trusted(asked) };
        Ok(Self { asked, checked, teams })
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// What is wrong with it, fit for the model.
    pub fn read(&self, answer: &str) -> Result<TicketAdvice, String> {
        let value = object_in(answer)?;
        let faults: Vec<_> = self
            .checked
            .iter_errors(&value)
            .take(MOST_FAULTS)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        if !faults.is_empty() {
            return Err(faults.join("; "));
        }
        let words: Words = serde_json::from_value(value).map_err(|e| e.to_string())?;
        self.typed(words)
    }

    fn typed(&self, words: Words) -> Result<TicketAdvice, String> {
        let one_line = words.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let tags = words.tags.into_iter().map(Tag::parse).collect::<Result<Vec<_>, _>>();
        let team = words.team.and_then(|name| self.teams.iter().find(|t| t.name.as_str() == name));
        Ok(TicketAdvice {
            title: Title::parse(one_line).map_err(|e| format!("/title: {e}"))?,
            category: Slug::parse(words.category).map_err(|e| format!("/category: {e}"))?,
            priority: words.priority.parse().map_err(|_| "/priority: no such priority")?,
            team: team.map(|t| t.id),
            tags: tags.map_err(|e| format!("/tags: {e}"))?,
            summary: plain(&words.summary),
            suggested_reply: words.suggested_reply.as_deref().map(plain).filter(|t| !t.is_empty()),
            reason: plain(&words.reason),
        })
    }
}

/// Without what no text of ours holds.
fn plain(text: &str) -> String {
    text.trim().replace('\0', "")
}

fn schema(categories: &[Category], teams: &[Team], bounds: bool) -> Value {
    let slugs: Vec<_> = categories.iter().map(|c| c.slug.as_str()).collect();
    let priorities: Vec<_> = Priority::ALL.iter().map(|p| p.as_str()).collect();
    let mut names: Vec<Value> = teams.iter().map(|t| t.name.as_str().into()).collect();
    names.push(Value::Null);
    let text = |max: usize| {
        if bounds {
            json!({"type": "string", "minLength": 1, "maxLength": max})
        } else {
            json!({"type": "string"})
        }
    };
    let mut tags = json!({"type": "array", "items": text(Tag::MAX)});
    let mut reply = json!({"type": ["string", "null"]});
    if bounds {
        tags["maxItems"] = MOST_TAGS.into();
        reply["maxLength"] = REPLY_CHARS.into();
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [
            "title", "category", "priority", "team", "tags", "summary", "suggested_reply", "reason"
        ],
        "properties": {
            "title": text(Title::MAX),
            "category": {"type": "string", "enum": slugs},
            "priority": {"type": "string", "enum": priorities},
            "team": {"enum": names},
            "tags": tags,
            "summary": text(SUMMARY_CHARS),
            "suggested_reply": reply,
            "reason": text(REASON_CHARS),
        }
    })
}
