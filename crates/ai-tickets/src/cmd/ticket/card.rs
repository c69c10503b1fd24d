//! A ticket as a person reads it in a terminal.

use std::fmt;

use anyhow::Result;
use atc_core::{
    id::{TicketId, TicketNumber},
    ticket::{NewTicket, Priority, Status, Ticket},
    triage::Triage,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// How wide the text beside the labels is.
const WIDTH: usize = 78;
const INDENT: usize = 14;

/// A ticket, or the draft of one.
#[derive(Debug, Serialize)]
pub struct Card {
    id: Option<TicketId>,
    number: Option<TicketNumber>,
    title: String,
    description: String,
    status: Option<Status>,
    priority: Priority,
    category: String,
    tags: Vec<String>,
    metadata: Box<RawValue>,
    team: Option<String>,
    assignee: Option<String>,
    triage: Option<Triage>,
}

impl Card {
    /// Of a ticket that was made.
    pub fn of_ticket(ticket: &Ticket) -> Result<Self> {
        let triage = ticket.triage.as_ref();
        Ok(Self {
            id: Some(ticket.id),
            number: Some(ticket.number),
            title: ticket.title.to_string(),
            description: ticket.description.to_string(),
            status: Some(ticket.status),
            priority: ticket.priority,
            category: ticket.category.to_string(),
            tags: ticket.tags.iter().map(ToString::to_string).collect(),
            metadata: RawValue::from_string(ticket.metadata.as_str().to_owned())?,
            team: ticket.team.as_ref().map(|t| t.name.clone()),
            assignee: ticket.assignee.as_ref().map(|a| a.full_name.clone()),
            triage: triage.map(|json| serde_json::from_str(json.as_str())).transpose()?,
        })
    }

    /// Of a ticket that would be made.
    pub fn of_draft(draft: &NewTicket, triage: Triage) -> Self {
        let assignment = triage.assignment.as_ref();
        Self {
            id: None,
            number: None,
            title: draft.title.to_string(),
            description: draft.description.to_string(),
            status: None,
            priority: triage.priority,
            category: triage.category.to_string(),
            tags: draft.tags.iter().map(ToString::to_string).collect(),
            metadata: RawValue::from_string(draft.metadata.as_str().to_owned()).unwrap_or_default(),
            team: assignment.map(|a| a.team_id.to_string()),
            assignee: assignment.and_then(|a| a.assignee_id).map(|id| id.to_string()),
            triage: Some(triage),
        }
    }
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => writeln!(f, "#{number}  {}", self.title)?,
            None => writeln!(f, "(draft)  {}", self.title)?,
        }
        let sure = self.triage.as_ref().map(|t| format!(" ({:.0} %)", t.confidence * 100.0));
        let review = self.triage.as_ref().is_some_and(|t| t.needs_review);
        let review = if review { ", to be reviewed by a person" } else { "" };
        entry(f, "Category", &format!("{}{}{review}", self.category, sure.unwrap_or_default()))?;
        entry(f, "Priority", self.priority.as_str())?;
        if let Some(status) = self.status {
            entry(f, "Status", status.as_str())?;
        }
        let owner = match (&self.assignee, &self.team) {
            (Some(person), Some(team)) => format!("{person} ({team})"),
            (Some(owner), None) | (None, Some(owner)) => owner.clone(),
            (None, None) => "nobody yet".to_owned(),
        };
        entry(f, "Owner", &owner)?;
        if !self.tags.is_empty() {
            entry(f, "Tags", &self.tags.join(", "))?;
        }
        match &self.triage {
            Some(triage) => reading(f, triage),
            None => entry(f, "Triage", "follows, when the server runs"),
        }
    }
}

/// What the machine thinks of it.
fn reading(f: &mut fmt::Formatter<'_>, triage: &Triage) -> fmt::Result {
    entry(f, "Summary", &triage.summary)?;
    if !triage.alternatives.is_empty() {
        let others = triage.alternatives.iter();
        let others: Vec<_> =
            others.map(|a| format!("{} {:.0} %", a.category, a.confidence * 100.0)).collect();
        entry(f, "Or else", &others.join(", "))?;
    }
    for duplicate in &triage.duplicates {
        let text = format!("#{} {} ({:.2})", duplicate.number, duplicate.title, duplicate.score);
        entry(f, "Duplicate?", &text)?;
    }
    for article in &triage.articles {
        entry(f, "Article", &format!("{} ({:.2})", article.title, article.score))?;
    }
    if let Some(reply) = &triage.suggested_reply {
        entry(f, "Reply", reply)?;
    }
    entry(f, "Why", &triage.rationale)?;
    let degraded = if triage.degraded { ", a fallback" } else { "" };
    entry(f, "Read by", &format!("{}{degraded}, in {} ms", triage.model, triage.took_ms))
}

/// A label, and beside it a text in lines that fit. Control characters, which could steer the
/// terminal, are left out.
fn entry(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    let mut label = format!("  {label}");
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let word: String = word.chars().filter(|c| !c.is_control()).collect();
            let room = WIDTH - INDENT;
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                writeln!(f, "{label:INDENT$}{line}")?;
                label.clear();
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        if !line.is_empty() {
            writeln!(f, "{label:INDENT$}{line}")?;
            label.clear();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use atc_core::{
        category::Slug,
        triage::{Alternative, ArticleMatch, Duplicate},
    };

    use super::*;

    fn triage() -> Triage {
        Triage {
            category: Slug::parse("billing").unwrap(),
            priority: Priority::High,
            confidence: 0.874,
            needs_review: true,
            alternatives: vec![Alternative {
                category: Slug::parse("bug").unwrap(),
                confidence: 0.1,
            }],
            tags: vec![],
            summary: "Charged twice. ".repeat(12),
            rationale: "Because.\n\u{1b}[31mRed.".to_owned(),
            language: Some("en".to_owned()),
            suggested_reply: None,
            duplicates: vec![Duplicate {
                ticket_id: "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11".parse().unwrap(),
                number: TicketNumber(3),
                title: "Twice".to_owned(),
                score: 0.91,
            }],
            articles: vec![ArticleMatch {
                id: "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c12".parse().unwrap(),
                title: "Refunds".to_owned(),
                score: 0.7,
                snippet: String::new(),
            }],
            assignment: None,
            provider: "local".to_owned(),
            model: "minilm".to_owned(),
            degraded: false,
            took_ms: 12,
        }
    }

    #[test]
    fn a_card_is_readable_and_steers_no_terminal() {
        let card = Card {
            id: None,
            number: Some(TicketNumber(42)),
            title: "Charged twice".to_owned(),
            description: String::new(),
            status: Some(Status::New),
            priority: Priority::High,
            category: "billing".to_owned(),
            tags: vec!["inv-1".to_owned()],
            metadata: RawValue::from_string("{}".to_owned()).unwrap(),
            team: None,
            assignee: None,
            triage: Some(triage()),
        };
        let text = card.to_string();
        assert!(text.starts_with("#42  Charged twice\n"), "{text}");
        assert!(
            text.contains("  Category    billing (87 %), to be reviewed by a person\n"),
            "{text}"
        );
        assert!(text.contains("  Duplicate?  #3 Twice (0.91)\n"), "{text}");
        assert!(text.contains("  Owner       nobody yet\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
