//! `POST /ai/analyze-file`.

use atc_core::{error::Faults, file::FileId};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, permissions::AnalyzeFile},
    problem::Result,
    wire::Priority,
};

endpoint!(analyze_file);

/// Draft a ticket from a file that was read.
#[utoipa::path(
    post, path = "/ai/analyze-file", tag = "AI", request_body = AnalyzeFileBody,
    responses(
        (status = 200, description = "The draft; nothing is stored.", body = AnalysisBody),
        (
            status = 404, description = "No such file", body = crate::problem::ProblemBody,
            content_type = "application/problem+json"
        )
    )
)]
async fn analyze_file(
    Can { ctx, .. }: Can<AnalyzeFile>,
    State(state): State<ApiState>,
    body: Body<AnalyzeFileBody>,
) -> Result<Json<AnalysisBody>> {
    let mut faults = Faults::new();
    let id = faults.require("/file_id", body.value.file_id.map(Ok::<_, String>));
    let id = faults.finish(id.map(FileId))?;
    let drafted = state.app.analyze_file(&ctx, id).await?;
    Ok(Json(AnalysisBody {
        file_id: id.0,
        summary: drafted.summary,
        text: drafted.text,
        suggested_ticket: SuggestedTicketBody {
            title: drafted.title.into_string(),
            description: drafted.description.into_string(),
            category: drafted.category.to_string(),
            priority: drafted.priority.into(),
            tags: drafted.tags.into_iter().map(String::from).collect(),
        },
        provider: drafted.provider,
        model: drafted.model,
    }))
}

/// Which file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnalyzeFile, example = json!({"file_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11"}))]
struct AnalyzeFileBody {
    /// The file.
    #[schema(required, nullable = false)]
    file_id: Option<Uuid>,
}

/// What a file says, and the ticket that it makes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileAnalysis, example = json!({
    "file_id": "0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11", "summary": "The payment was refused.",
    "text": "The payment was refused. Error E1042", "suggested_ticket": {
        "title": "The payment was refused", "description": "The payment was refused. Error E1042",
        "category": "billing", "priority": "medium", "tags": ["E1042"]
    },
    "provider": "local", "model": "all-minilm-l6-v2-int8"
}))]
struct AnalysisBody {
    /// The file.
    file_id: Uuid,
    /// The sentences that carry the meaning.
    summary: String,
    /// All that was read.
    text: String,
    /// The ticket as it would be made.
    suggested_ticket: SuggestedTicketBody,
    /// Who answered.
    provider: String,
    /// With which model.
    model: String,
}

/// A ticket as it would be made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuggestedTicket, example = json!({
    "title": "The payment was refused", "description": "The payment was refused. Error E1042",
    "category": "billing", "priority": "medium", "tags": ["E1042"]
}))]
struct SuggestedTicketBody {
    /// One line that says what it is about.
    title: String,
    /// The whole story.
    description: String,
    /// The slug of its category.
    category: String,
    /// How pressing it is.
    priority: Priority,
    /// Words that group it with others.
    tags: Vec<String>,
}
