//! Articles.

use atc_core::article::{Article, ArticleHit};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::PersonBody;

/// An article of the knowledge base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Article, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "title": "Refunds",
    "body": "A double charge is refunded within **five days**.", "tags": ["billing"],
    "published": true, "author": null,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z", "version": 1
}))]
pub(crate) struct ArticleBody {
    /// Its identity.
    id: Uuid,
    /// One line that says what it answers.
    title: String,
    /// The text, in Markdown.
    body: String,
    /// Words that group it with others.
    tags: Vec<String>,
    /// Whether everyone may read it.
    published: bool,
    /// Who wrote it.
    #[schema(nullable)]
    author: Option<PersonBody>,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Counts every change; the entity tag.
    version: i64,
}

impl From<&Article> for ArticleBody {
    fn from(a: &Article) -> Self {
        Self {
            id: a.id.0,
            title: a.title.as_str().to_owned(),
            body: a.body.as_str().to_owned(),
            tags: a.tags.iter().map(|t| t.as_str().to_owned()).collect(),
            published: a.published,
            author: a.author.clone().map(PersonBody::from),
            created_at: a.created_at,
            updated_at: a.updated_at,
            version: a.version,
        }
    }
}

/// An article that a search found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleHit, example = json!({
    "article": {"id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "title": "Refunds"},
    "score": 0.74, "snippet": "A double charge is refunded within five days."
}))]
pub(crate) struct ArticleHitBody {
    /// The article.
    article: ArticleRefBody,
    /// How well it fits, 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0)]
    score: f64,
    /// The passage that fits best, as plain text.
    snippet: String,
}

/// An article, in short.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleRef, example = json!({
    "id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "title": "Refunds"
}))]
pub(crate) struct ArticleRefBody {
    /// Its identity.
    id: Uuid,
    /// Its title.
    title: String,
}

impl From<ArticleHit> for ArticleHitBody {
    fn from(hit: ArticleHit) -> Self {
        Self {
            article: ArticleRefBody { id: hit.id.0, title: hit.title },
            score: hit.score,
            snippet: hit.snippet,
        }
    }
}
