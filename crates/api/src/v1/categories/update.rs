//! `PATCH /categories/{slug}`.

use atc_core::{
    Error,
    category::{CategoryPatch, Slug},
    error::Faults,
    id::TeamId,
    text::{CategoryDescription, Name},
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::slug;
use crate::{
    ApiState,
    endpoint::endpoint,
    etag::if_match,
    extract::{Body, Can, Id, double_option, not_null, patch_of, permissions::WriteCategories},
    problem::Result,
    reply,
    wire::{CategoryBody, Priority},
};

endpoint!(update_category);

/// Change a category; triage follows from its next call on.
#[utoipa::path(
    patch, path = "/categories/{slug}", tag = "Categories", request_body = UpdateCategoryBody,
    params(("slug" = String, Path, description = "The category.", example = "billing")),
    responses((status = 200, description = "The category.", body = CategoryBody))
)]
async fn update_category(
    Can { ctx, .. }: Can<WriteCategories>,
    State(state): State<ApiState>,
    Id(text): Id<String>,
    headers: HeaderMap,
    body: Body<UpdateCategoryBody>,
) -> Result<Response> {
    let (slug, patch) = (slug(text)?, body.value.try_into()?);
    let category = state.app.update_category(&ctx, &slug, patch, &if_match(&headers)?).await?;
    Ok(reply::changed(&CategoryBody::from(&category), category.version))
}

/// A change to a category: only what is mentioned changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateCategory, example = json!({"default_priority": "high"}))]
#[expect(clippy::option_option, reason = "absent, null, or a value")]
struct UpdateCategoryBody {
    /// A new short name; its tickets follow.
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    slug: Option<String>,
    /// A new name.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    /// A new description.
    #[schema(max_length = 2000, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    description: Option<String>,
    /// New examples, in place of all old ones.
    #[schema(max_items = 100, nullable = false)]
    #[serde(default, deserialize_with = "not_null")]
    examples: Option<Vec<String>>,
    /// Another team, or `null` for none.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    team_id: Option<Option<Uuid>>,
    /// Another usual priority, or `null` for none.
    #[serde(default, deserialize_with = "double_option")]
    #[schema(nullable, value_type = Option<Priority>)]
    default_priority: Option<Option<Priority>>,
}

impl TryFrom<UpdateCategoryBody> for CategoryPatch {
    type Error = Error;

    fn try_from(body: UpdateCategoryBody) -> Result<Self, Error> {
        let mut faults = Faults::new();
        let patch = Self {
            slug: body.slug.and_then(|s| faults.take("/slug", Slug::parse(s))),
            name: body.name.and_then(|n| faults.take("/name", Name::parse(n))),
            description: body
                .description
                .and_then(|d| faults.take("/description", CategoryDescription::parse(d))),
            examples: body.examples.and_then(|e| super::examples(&mut faults, e)),
            team_id: patch_of(body.team_id, TeamId),
            default_priority: patch_of(body.default_priority, Into::into),
        };
        faults.finish(Some(patch))
    }
}
