//! The answer without a language model: the best passage of an article with its source, tickets that are
//! alike, a ticket in the person's own words. The same words have the same answer.

mod intent;
mod phrases;

use std::fmt::Write as _;

use atc_core::{
    Result,
    article::SearchMode,
    conversation::{ActionDraft, ActionState, AgentAction, Asks, Author, Speaker},
    file::FileStatus,
    id::{TicketNumber, TicketRef},
    policy::{self, Action},
    text::{CommentBody, PlainText},
    ticket::Ticket,
};
use atc_store::StoredAction;

use self::phrases::{Phrases, fill};
use super::{
    Answer,
    actions::Wanted,
    safety::clean,
    sources::{FilePlace, shortened},
    tools::{latest_comments, like, pieces},
    turn::{AssistantNews, Turn},
};
use crate::triage::{HELPFUL_ARTICLE, REPLY_WORTHY_ARTICLE};

/// How many articles an answer names.
const MOST_ARTICLES: usize = 3;
/// How many tickets that are alike an answer names.
const MOST_ALIKE: usize = 3;
/// How many tickets are looked up for one message.
const MOST_LOOKED_UP: usize = 3;
/// The most characters of a comment that is quoted.
const QUOTED_CHARS: usize = 600;

/// What the embedded engine says.
struct Said {
    text: String,
    asks: Option<Asks>,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, asks: None }
    }
}

impl Turn<'_> {
    /// Answers without a language model; `degraded`: one was configured and did not answer.
    pub(super) async fn answer_embedded(&mut self, degraded: bool) -> Result<Answer> {
        self.by.degraded = degraded;
        let engine = self.app.engine.status();
        engine.provider.clone_into(&mut self.by.provider);
        self.by.model = engine.model;
        let phrases = Phrases::of(self.language().as_deref());
        let said = self.embedded(phrases).await?;
        // A text of ours around words of others: the same rules as for a model's.
        let (text, cited) = clean(&said.text, &self.known, &self.sources);
        self.tell(AssistantNews::Words(text.clone()));
        let author =
            Author { provider: self.by.provider.clone(), model: self.by.model.clone(), degraded };
        Ok(Answer { citations: self.sources.named(&cited), text, asks: said.asks, author })
    }

    /// The language of the person: that of their latest message, or else of all of them.
    fn language(&self) -> Option<String> {
        let engine = &self.app.engine;
        engine.language(self.words()).or_else(|| {
            let all: Vec<_> = self.persons_words().collect();
            engine.language(&all.join("\n"))
        })
    }

    fn persons_words(&self) -> impl DoubleEndedIterator<Item = &str> {
        let persons = self.messages.iter().filter(|m| m.speaker == Speaker::Person);
        persons.map(|m| m.text.as_str())
    }

    async fn embedded(&mut self, phrases: &Phrases) -> Result<Said> {
        if !self.actions.is_empty() {
            // A model did this and then fell silent.
            return Ok(self.what_was_done(phrases).into());
        }
        let words = self.words().to_owned();
        if let Some(pending) = self.pending().await? {
            if intent::agrees(&words) {
                return self.approve_pending(phrases, &pending).await;
            }
            if intent::declines(&words) {
                return self.reject_pending(phrases, &pending).await;
            }
        }
        if intent::thanks(&words) {
            return Ok(phrases.welcome.to_owned().into());
        }
        let was_asked = self.messages.iter().rev().find(|m| m.speaker == Speaker::Assistant);
        let was_asked = was_asked.is_some_and(|m| m.asks == Some(Asks::TicketText));
        if was_asked && intent::says_something(&words) {
            return self.write_ticket(phrases, vec![words]).await;
        }
        if intent::wants_ticket(&words) {
            let text = self.ticket_text(&words);
            if text.is_empty() {
                let asks = Some(Asks::TicketText);
                return Ok(Said { text: phrases.what_about.to_owned(), asks });
            }
            return self.write_ticket(phrases, text).await;
        }
        let named = intent::named_tickets(&words);
        if !named.is_empty() && self.may(Action::ReadTickets) {
            return Ok(self.look_up(phrases, &named).await?.into());
        }
        if let Some(subject) = self.subject.clone().filter(|_| intent::asks_for_status(&words)) {
            return Ok(self.look_up(phrases, &[subject.number]).await?.into());
        }
        self.search(phrases, &words).await
    }

    fn may(&self, action: Action) -> bool {
        policy::authorize(&self.ctx.caller, action).is_ok()
    }

    /// What was proposed last, if nobody has decided yet.
    async fn pending(&self) -> Result<Option<StoredAction>> {
        let all = self.app.store.conversations().actions(self.conversation).await?;
        let last = all.into_iter().next_back();
        Ok(last.filter(|a| a.action.state == ActionState::Proposed && a.turn + 1 == self.number))
    }

    async fn approve_pending(&mut self, phrases: &Phrases, pending: &StoredAction) -> Result<Said> {
        let (app, conversation) = (self.app, self.conversation);
        match app.approve(&self.ctx, conversation, pending).await {
            Ok(action) => {
                self.note(action);
                Ok(self.what_was_done(phrases).into())
            }
            // What does not work is told, and stays proposed.
            Err(e) if e.code.status() < 500 => Ok(e.detail.into_owned().into()),
            Err(e) => Err(e),
        }
    }

    async fn reject_pending(&mut self, phrases: &Phrases, pending: &StoredAction) -> Result<Said> {
        let (app, conversation) = (self.app, self.conversation);
        app.reject_action(&self.ctx, conversation, pending.action.id).await?;
        Ok(phrases.rejected.to_owned().into())
    }

    /// The person's own words that a ticket is made of: what they said since the last one was made.
    fn ticket_text(&self, words: &str) -> Vec<String> {
        let since = self.messages.iter().rposition(|m| {
            m.actions.iter().any(|a| {
                a.state == ActionState::Done && matches!(a.draft, ActionDraft::CreateTicket { .. })
            })
        });
        let since = since.map_or(0, |at| at + 1);
        let earlier = &self.messages[since..self.messages.len().saturating_sub(1)];
        let mut texts: Vec<String> = earlier
            .iter()
            .filter(|m| m.speaker == Speaker::Person && intent::says_something(&m.text))
            .map(|m| m.text.clone())
            .collect();
        if intent::says_something(words) {
            texts.push(words.to_owned());
        }
        texts
    }

    /// Makes a ticket, or proposes it where the person wants to see it first.
    async fn write_ticket(&mut self, phrases: &Phrases, texts: Vec<String>) -> Result<Said> {
        if !self.may(Action::CreateTicket) {
            return Ok(phrases.not_allowed.to_owned().into());
        }
        let text: String = texts.join("\n\n").chars().take(PlainText::MAX).collect();
        let text = PlainText::parse(text).map_err(atc_core::Error::internal)?;
        let wanted = Wanted::Ticket { title: None, text };
        if self.confirm {
            self.propose(wanted).await?;
        } else {
            self.carry_out(wanted).await?;
        }
        Ok(self.what_was_done(phrases).into())
    }

    /// What this turn did or proposes, in sentences.
    fn what_was_done(&self, phrases: &Phrases) -> String {
        let sentences: Vec<_> = self.actions.iter().map(|a| sentence(phrases, a)).collect();
        sentences.join("\n\n")
    }

    /// How far these tickets are.
    async fn look_up(&mut self, phrases: &Phrases, numbers: &[TicketNumber]) -> Result<String> {
        let mut lines = Vec::new();
        for number in numbers.iter().take(MOST_LOOKED_UP) {
            let visibility = self.ctx.caller.visibility();
            let found =
                self.app.store.tickets().find(TicketRef::Number(*number), visibility).await?;
            lines.push(match found {
                Some(ticket) => self.status_of(phrases, &ticket).await?,
                None => fill(phrases.no_ticket, &[&number.to_string()]),
            });
        }
        Ok(lines.join("\n\n"))
    }

    async fn status_of(&mut self, phrases: &Phrases, ticket: &Ticket) -> Result<String> {
        let mark = self.sources.ticket(ticket);
        let nobody = phrases.nobody;
        let assignee = ticket.assignee.as_ref().map_or(nobody, |a| a.full_name.as_str());
        let changed = ticket.updated_at.format("%Y-%m-%d %H:%M UTC").to_string();
        let words = [
            ticket.number.to_string(),
            ticket.title.as_str().to_owned(),
            mark,
            ticket.status.to_string(),
            assignee.to_owned(),
            changed,
        ];
        let mut text = fill(phrases.status, &words.each_ref().map(String::as_str));
        let comments = latest_comments(self, ticket).await?;
        if let Some(last) = comments.iter().rev().find(|c| !c.internal) {
            let quoted: String = last.body.as_str().chars().take(QUOTED_CHARS).collect();
            let at = last.created_at.format("%Y-%m-%d %H:%M UTC").to_string();
            let name = last.author.full_name.as_str();
            text.push(' ');
            text.push_str(&fill(phrases.last_comment, &[name, &at, &shortened(&quoted)]));
        }
        Ok(text)
    }

    /// The best article, what the files of the ticket say, tickets that are alike; and where nothing
    /// answers, what could be written.
    async fn search(&mut self, phrases: &Phrases, words: &str) -> Result<Said> {
        let mut text = String::new();
        let answered = self.articles(phrases, words, &mut text).await?;
        let found = self.files(phrases, words, &mut text).await? || answered;
        if self.may(Action::ReadTickets) {
            self.alike(phrases, words, &mut text).await?;
        }
        if found {
            return Ok(text.into());
        }
        let asked = intent::says_something(words);
        let mut said = if asked { phrases.nothing } else { phrases.greeting }.to_owned();
        if !text.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(said, "\n\n{text}");
        }
        if asked {
            self.propose_words(words).await?;
            let done = self.what_was_done(phrases);
            if !done.is_empty() {
                let _ = write!(said, "\n\n{done}");
            }
        }
        Ok(said.into())
    }

    /// Proposes what the person said as a comment on the ticket that this is about, or as a ticket.
    async fn propose_words(&mut self, words: &str) -> Result<()> {
        let subject = self.subject.clone();
        let wanted = match subject {
            Some(ticket) if self.may(Action::WriteComments) => {
                let body = CommentBody::parse(words).map_err(atc_core::Error::internal)?;
                Wanted::Comment { ticket: Box::new(ticket), body, internal: false }
            }
            None if self.may(Action::CreateTicket) => {
                let text = PlainText::parse(words).map_err(atc_core::Error::internal)?;
                Wanted::Ticket { title: None, text }
            }
            _ => return Ok(()),
        };
        self.propose(wanted).await?;
        Ok(())
    }

    /// What the knowledge base says; whether it answers.
    async fn articles(
        &mut self,
        phrases: &Phrases,
        words: &str,
        text: &mut String,
    ) -> Result<bool> {
        if !self.may(Action::ReadKnowledge) {
            return Ok(false);
        }
        let (app, ctx) = (self.app, &self.ctx);
        let mut hits = app.search_articles(ctx, words, SearchMode::Hybrid, MOST_ARTICLES).await?;
        hits.retain(|hit| hit.score >= HELPFUL_ARTICLE);
        let Some((best, others)) = hits.split_first() else { return Ok(false) };
        self.known.trust(&best.snippet);
        let mark = self.sources.article(best);
        let phrase =
            if best.score >= REPLY_WORTHY_ARTICLE { phrases.article } else { phrases.may_help };
        text.push_str(&fill(phrase, &[&best.title, &mark, &best.snippet]));
        let also: Vec<_> = others
            .iter()
            .map(|hit| format!("{} [{}]", hit.title, self.sources.article(hit)))
            .collect();
        if !also.is_empty() {
            let _ = write!(text, "\n\n{}", fill(phrases.see_also, &[&also.join("; ")]));
        }
        Ok(true)
    }

    /// What the files of the ticket say in the person's words: the place that shares most of them.
    async fn files(&mut self, phrases: &Phrases, words: &str, text: &mut String) -> Result<bool> {
        let Some(ticket) = self.subject.clone().filter(|_| self.may(Action::ReadFiles)) else {
            return Ok(false);
        };
        let telling = intent::telling_words(words);
        let mut best: Option<(usize, atc_core::file::File, FilePlace, String)> = None;
        for attachment in &ticket.attachments {
            if attachment.status != FileStatus::Processed {
                continue;
            }
            let (file, Some(content)) = self.app.get_file(&self.ctx, attachment.id).await? else {
                continue;
            };
            for (place, piece) in pieces(&content) {
                let lower = piece.to_lowercase();
                let shared = telling.iter().filter(|word| lower.contains(word.as_str())).count();
                if shared > best.as_ref().map_or(1, |(most, ..)| *most) {
                    best = Some((shared, file.clone(), place, piece));
                }
            }
        }
        let Some((_, file, place, piece)) = best else { return Ok(false) };
        let mark = self.sources.file(&file, place, &piece);
        let at = match (place.page, place.start) {
            (Some(page), _) => fill(phrases.page, &[&page.to_string()]),
            (_, Some(start)) => fill(phrases.second, &[&format!("{start:.0}")]),
            _ => String::new(),
        };
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let quoted = shortened(&piece);
        text.push_str(&fill(phrases.file, &[file.filename.as_str(), &at, &mark, &quoted]));
        Ok(true)
    }

    /// Tickets that the person may see and that are about the same.
    async fn alike(&mut self, phrases: &Phrases, words: &str, text: &mut String) -> Result<()> {
        let found = like(self, words, MOST_ALIKE).await?;
        let mut lines = Vec::new();
        for ticket in &found {
            let mark = self.sources.ticket(ticket);
            let (number, title, status) = (ticket.number, &ticket.title, ticket.status);
            lines.push(format!("- #{number} {title} ({status}) [{mark}]"));
        }
        if !lines.is_empty() {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            let _ = write!(text, "{}\n{}", phrases.alike, lines.join("\n"));
        }
        Ok(())
    }
}

/// What an action did, or would do.
fn sentence(phrases: &Phrases, action: &AgentAction) -> String {
    let number = action.ticket.as_ref().map(|t| t.number.to_string()).unwrap_or_default();
    match (&action.draft, action.state) {
        (ActionDraft::CreateTicket { title, category, priority, .. }, ActionState::Done) => {
            fill(phrases.made, &[&number, title, category, priority.as_str()])
        }
        (ActionDraft::CreateTicket { title, category, priority, .. }, _) => {
            fill(phrases.drafted, &[title, category, priority.as_str()])
        }
        (ActionDraft::AddComment { .. }, ActionState::Done) => fill(phrases.commented, &[&number]),
        (ActionDraft::AddComment { .. }, _) => fill(phrases.comment_proposed, &[&number]),
        (ActionDraft::CallTool { tool, .. }, _) => fill(phrases.tool, &[tool]),
    }
}
