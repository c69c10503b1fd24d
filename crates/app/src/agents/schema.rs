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

/// The most characters of each text of an answer, and the most tags.
struct Lengths {
    title: usize,
    summary: usize,
    reply: usize,
    reason: usize,
    tag: usize,
    tags: usize,
}

/// What is taken of whoever says much.
const TAKEN: Lengths = Lengths {
    title: Title::MAX,
    summary: 1_000,
    reply: 5_000,
    reason: 500,
    tag: Tag::MAX,
    tags: 8,
};
/// What is asked for. Below two thousand, which is as often as llama.cpp's grammar repeats a character.
const ASKED: Lengths =
    Lengths { title: 80, summary: 400, reply: 1_000, reason: 200, tag: 30, tags: 5 };
/// Of what is asked for, the characters of names, marks and everything that does not get shorter.
const FIXED_CHARS: usize = 400;
/// What a token stands for at least, in most texts; in English it is four.
const CHARS_PER_TOKEN: usize = 2;

/// Less than this says nothing.
const LEAST_CHARS: usize = 80;

impl Lengths {
    /// What is asked of a model that may say so many tokens: a server that holds a small one to the form then ends its
    /// texts before its tokens do.
    fn asked(max_tokens: u32) -> Self {
        let room = usize::try_from(max_tokens).unwrap_or(usize::MAX);
        let room = room.saturating_mul(CHARS_PER_TOKEN).saturating_sub(FIXED_CHARS);
        let all = ASKED.summary + ASKED.reply + ASKED.reason;
        let shorter = |most: usize| (most * room.min(all) / all).max(LEAST_CHARS);
        Self {
            summary: shorter(ASKED.summary),
            reply: shorter(ASKED.reply),
            reason: shorter(ASKED.reason),
            ..ASKED
        }
    }
}

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
    /// What the model is shown.
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
    /// The form for these categories and teams, of a model that may say so many tokens.
    ///
    /// # Errors
    /// Internal, when it is no schema.
    pub fn new(categories: &[Category], teams: Vec<Team>, max_tokens: u32) -> Result<Self> {
        let checked = schema(categories, &teams, &TAKEN);
        let checked =
            jsonschema::validator_for(&checked).map_err(|e| Error::internal(e.to_string()))?;
        let asked = schema(categories, &teams, &Lengths::asked(max_tokens)).to_string();
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

fn schema(categories: &[Category], teams: &[Team], most: &Lengths) -> Value {
    let slugs: Vec<_> = categories.iter().map(|c| c.slug.as_str()).collect();
    let priorities: Vec<_> = Priority::ALL.iter().map(|p| p.as_str()).collect();
    let mut names: Vec<Value> = teams.iter().map(|t| t.name.as_str().into()).collect();
    names.push(Value::Null);
    let text = |most: usize| json!({"type": "string", "minLength": 1, "maxLength": most});
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [
            "title", "category", "priority", "team", "tags", "summary", "suggested_reply", "reason"
        ],
        "properties": {
            "title": text(most.title),
            "category": {"type": "string", "enum": slugs},
            "priority": {"type": "string", "enum": priorities},
            "team": {"enum": names},
            "tags": {"type": "array", "maxItems": most.tags, "items": text(most.tag)},
            "summary": text(most.summary),
            "suggested_reply": {"type": ["string", "null"], "maxLength": most.reply},
            "reason": text(most.reason),
        }
    })
}

#[cfg(test)]
mod tests {
    use atc_core::text::{CategoryDescription, Name};
    use chrono::DateTime;

    use super::*;

    fn form() -> TicketForm {
        let bugs = Category {
            slug: Slug::parse("bug").unwrap(),
            name: Name::parse("Bugs").unwrap(),
            description: CategoryDescription::parse("What is broken.").unwrap(),
            examples: Vec::new(),
            team_id: None,
            default_priority: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            version: 1,
        };
        TicketForm::new(&[bugs], Vec::new(), 10_000).unwrap()
    }

    /// An answer with texts of these lengths.
    fn answer(most: &Lengths) -> Value {
        json!({
            "title": "t".repeat(most.title),
            "category": "bug",
            "priority": "low",
            "team": null,
            "tags": ["printer"],
            "summary": "s".repeat(most.summary),
            "suggested_reply": "r".repeat(most.reply),
            "reason": "w".repeat(most.reason),
        })
    }

    #[test]
    fn more_is_taken_than_is_asked_for() {
        let form = form();
        let asked: Value = serde_json::from_str(form.asked.schema.as_str()).unwrap();
        let asked = jsonschema::validator_for(&asked).unwrap();
        assert!(asked.is_valid(&answer(&ASKED)));
        assert!(!asked.is_valid(&answer(&TAKEN)));
        for most in [ASKED, TAKEN] {
            form.read(&answer(&most).to_string()).unwrap();
        }
        assert_eq!(Lengths::asked(u32::MAX).reply, ASKED.reply);
        let short = Lengths::asked(500);
        assert_eq!((short.summary, short.reply, short.reason, short.title), (150, 375, 80, 80));
        let longer = Lengths { summary: TAKEN.summary + 1, ..TAKEN };
        let fault = form.read(&answer(&longer).to_string()).unwrap_err();
        assert!(fault.starts_with("/summary: "), "{fault}");
    }
}
