//! `POST /ai/categorize`.

use atc_core::{error::Faults, ports::TriageInput};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, permissions::Categorize},
    problem::Result,
    wire::TriageBody,
};

endpoint!(categorize);

/// Read a text, and store nothing.
#[utoipa::path(
    post, path = "/ai/categorize", tag = "AI", request_body = CategorizeBody,
    responses((status = 200, description = "What the machine thinks.", body = TriageBody))
)]
async fn categorize(
    Can { ctx, .. }: Can<Categorize>,
    State(state): State<ApiState>,
    body: Body<CategorizeBody>,
) -> Result<Json<TriageBody>> {
    let CategorizeBody { title, text } = body.value;
    let mut faults = Faults::new();
    let input: Option<TriageInput> = super::input(&mut faults, "", title, text);
    let input = faults.finish(input)?;
    let triage = state.app.categorize(&ctx, input).await?;
    Ok(Json(triage.into()))
}

/// A text to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Categorize, example = json!({"text": "Our card was charged twice for INV-20417."}))]
struct CategorizeBody {
    /// Its title, where it has one.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// The text.
    #[schema(min_length = 1, max_length = 50_000, required, nullable = false)]
    text: Option<String>,
}
