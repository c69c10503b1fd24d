//! `POST /ai/categorize/batch`.

use atc_core::{error::Faults, ports::TriageInput};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, permissions::Categorize},
    problem::Result,
    reply::ItemsBody,
    wire::TriageBody,
};

endpoint!(categorize_batch);

/// The most texts of one call.
const MAX_ITEMS: usize = 256;
/// The most characters of an item's id.
const MAX_ID_CHARS: usize = 200;

/// Read up to 256 texts with the embedded engine, and store nothing.
#[utoipa::path(
    post, path = "/ai/categorize/batch", tag = "AI", request_body = BatchBody,
    responses((
        status = 200, description = "In the order of the request.", body = ItemsBody<ReadItemBody>
    ))
)]
async fn categorize_batch(
    Can { ctx, .. }: Can<Categorize>,
    State(state): State<ApiState>,
    body: Body<BatchBody, true>,
) -> Result<Json<ItemsBody<ReadItemBody>>> {
    let (ids, inputs) = read(body.value)?;
    let triages = state.app.categorize_batch(&ctx, inputs).await?;
    let items = ids.into_iter().zip(triages);
    let items = items.map(|(id, triage)| ReadItemBody { id, triage: triage.into() }).collect();
    Ok(Json(ItemsBody { items }))
}

fn read(body: BatchBody) -> Result<(Vec<String>, Vec<TriageInput>), atc_core::Error> {
    let mut faults = Faults::new();
    let items = body.items.unwrap_or_default();
    if items.is_empty() || items.len() > MAX_ITEMS {
        faults.body("/items", format!("A batch has 1 to {MAX_ITEMS} items."));
        return faults.finish(None);
    }
    let (mut ids, mut inputs) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for (i, item) in items.into_iter().enumerate() {
        let pointer = format!("/items/{i}");
        let id = item.id.ok_or("This field is required.").and_then(|id| {
            let fits = id.chars().count() <= MAX_ID_CHARS;
            if fits { Ok(id) } else { Err("At most 200 characters are allowed.") }
        });
        ids.extend(faults.take(&format!("{pointer}/id"), id));
        inputs.extend(super::input(&mut faults, &pointer, item.title, item.text));
    }
    faults.finish(Some((ids, inputs)))
}

/// Texts to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CategorizeBatch, example = json!({
    "items": [{"id": "a", "text": "Our card was charged twice for INV-20417."}]
}))]
struct BatchBody {
    /// The texts; at most 256.
    #[schema(min_items = 1, max_items = 256, required, nullable = false)]
    items: Option<Vec<ItemBody>>,
}

/// One of the texts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CategorizeItem, example = json!({"id": "a", "text": "I cannot log in."}))]
struct ItemBody {
    /// Comes back with the answer.
    #[schema(max_length = 200, required, nullable = false)]
    id: Option<String>,
    /// Its title, where it has one.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// The text.
    #[schema(min_length = 1, max_length = 50_000, required, nullable = false)]
    text: Option<String>,
}

/// What the machine thinks of one of the texts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategorizedItem, example = json!({
    "id": "a", "category": "billing", "priority": "medium", "confidence": 0.91,
    "needs_review": false, "alternatives": [], "tags": ["INV-20417"],
    "summary": "Our card was charged twice for INV-20417.",
    "rationale": "Category billing with 91 % confidence. Priority medium.",
    "language": "en", "suggested_reply": null, "duplicates": [], "articles": [],
    "assignment": null, "provider": "local", "model": "all-MiniLM-L6-v2-int8",
    "degraded": false, "took_ms": 9
}))]
struct ReadItemBody {
    /// The id that the client gave.
    id: String,
    #[serde(flatten)]
    triage: TriageBody,
}
