//! `POST /categories`.

use atc_core::{
    Error,
    category::{Category, NewCategory, Slug},
    error::Faults,
    id::TeamId,
    text::{CategoryDescription, Name},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, Once, permissions::WriteCategories},
    problem::Result,
    reply, v1,
    wire::{CategoryBody, Priority},
};

endpoint!(create_category);

/// Make a category; triage knows it from its next call on.
#[utoipa::path(
    post, path = "/categories", tag = "Categories", request_body = CreateCategoryBody,
    responses((status = 201, description = "The category.", body = CategoryBody))
)]
async fn create_category(
    Can { ctx, .. }: Can<WriteCategories>,
    State(state): State<ApiState>,
    once: Once,
    body: Body<CreateCategoryBody>,
) -> Result<Response> {
    let new = body.value.try_into()?;
    let render = |category: &Category| {
        let location = format!("{}/categories/{}", v1::PREFIX, category.slug);
        reply::created(&CategoryBody::from(category), Some(location), Some(category.version))
    };
    let remember = once.remember(Some(ctx.caller.user_id), &body.digest, render);
    reply::outcome(state.app.create_category(&ctx, new, remember).await?, render)
}

/// A category to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateCategory, example = json!({
    "slug": "hardware", "name": "Hardware",
    "description": "Laptops, monitors, docking stations, printers.",
    "examples": ["My laptop does not turn on."], "default_priority": "medium"
}))]
struct CreateCategoryBody {
    /// Its short name: 1 to 64 of a-z, 0-9, _ and -.
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", required, nullable = false)]
    slug: Option<String>,
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100, required, nullable = false)]
    name: Option<String>,
    /// What belongs in it; triage reads this.
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Sentences that belong in it; triage reads these.
    #[schema(max_items = 100)]
    examples: Option<Vec<String>>,
    /// The team that its tickets are routed to.
    team_id: Option<Uuid>,
    /// What its tickets mostly are.
    #[schema(nullable)]
    default_priority: Option<Priority>,
}

impl TryFrom<CreateCategoryBody> for NewCategory {
    type Error = Error;

    fn try_from(body: CreateCategoryBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let slug = faults.require("/slug", body.slug.map(Slug::parse));
        let name = faults.require("/name", body.name.map(Name::parse));
        let description = body.description.unwrap_or_default();
        let description = faults.take("/description", CategoryDescription::parse(description));
        let examples = super::examples(&mut faults, body.examples.unwrap_or_default());
        let parts = slug.zip(name).zip(description).zip(examples);
        let new = parts.map(|(((slug, name), description), examples)| Self {
            slug,
            name,
            description,
            examples,
            team_id: body.team_id.map(TeamId),
            default_priority: body.default_priority.map(Into::into),
        });
        faults.finish(new)
    }
}
