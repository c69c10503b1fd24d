//! Drafting a ticket from a file.

use atc_core::{
    Ctx, Error, Result,
    category::Slug,
    file::{FileId, FileStatus},
    ports::TriageInput,
    text::{Description, Tag, Title},
    ticket::Priority,
};

use super::create_from_text;
use crate::App;

/// What a file says, and the ticket that it makes.
#[derive(Debug, Clone)]
pub struct FileAnalysis {
    /// The sentences that carry the meaning.
    pub summary: String,
    /// All that was read.
    pub text: String,
    /// One line that says what it is about.
    pub title: Title,
    /// The whole story.
    pub description: Description,
    /// What kind of thing it is.
    pub category: Slug,
    /// How pressing it is.
    pub priority: Priority,
    /// Words that group it with others.
    pub tags: Vec<Tag>,
    /// Who answered.
    pub provider: String,
    /// With which model.
    pub model: String,
}

impl App {
    /// Drafts a ticket from a file that was read. Nothing is stored.
    ///
    /// # Errors
    /// Not found when the file is not there or not visible; conflict while it is not read, or when it
    /// could not be.
    pub async fn analyze_file(&self, ctx: &Ctx, id: FileId) -> Result<FileAnalysis> {
        let (file, content) = self.get_file(ctx, id).await?;
        let text = match (file.status, content) {
            (FileStatus::Processed, Some(content)) => content.text,
            (FileStatus::Failed, _) => {
                let why = file.error.unwrap_or_default();
                return Err(Error::conflict(format!("This file could not be read: {why}")));
            }
            _ => return Err(Error::conflict("This file is not read yet; ask again in a moment.")),
        };
        let categories = self.store.categories().all().await?;
        let visibility = ctx.caller.visibility();
        let input = TriageInput { title: None, text: text.clone() };
        let reading = self.read_with_files(input, &[], &categories, visibility, None).await?;
        let named = Title::parse(reading.analysis.title.as_str());
        let title = named.or_else(|_| Title::parse(file.filename.as_str()));
        let story = text.chars().take(Description::MAX).collect::<String>();
        Ok(FileAnalysis {
            summary: reading.triage.summary,
            text,
            title: title.map_err(Error::internal)?,
            description: Description::parse(story).map_err(Error::internal)?,
            category: reading.triage.category,
            priority: reading.triage.priority,
            tags: create_from_text::tags(&reading.analysis.tags),
            provider: reading.triage.provider,
            model: reading.triage.model,
        })
    }
}
