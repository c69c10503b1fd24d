//! `POST /ai/replays`.

use atc_app::NewReplay;
use atc_core::{agent::ProviderName, error::Faults};
use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    endpoint::endpoint,
    extract::{Body, Can, permissions::ManageAiSettings},
    problem::Result,
    wire::{AgentName, ReplayBody},
};

endpoint!(start_replay);

/// How many tickets, where nobody says.
const USUAL_LIMIT: u16 = 100;
/// The most characters of instructions.
const MOST_INSTRUCTIONS: usize = 20_000;

/// Ask what another model, or other instructions, would have decided of the latest tickets.
///
/// A job makes the report; nothing of the tickets changes.
#[utoipa::path(
    post, path = "/ai/replays", tag = "AI", request_body = StartReplayBody,
    responses((status = 202, description = "The promise of a report.", body = ReplayBody))
)]
async fn start_replay(
    Can { ctx, .. }: Can<ManageAiSettings>,
    State(state): State<ApiState>,
    body: Body<StartReplayBody>,
) -> Result<(StatusCode, Json<ReplayBody>)> {
    let new = body.value.try_into()?;
    let replay = state.app.start_replay(&ctx, new).await?;
    Ok((StatusCode::ACCEPTED, Json(replay.into())))
}

/// A candidate, and on how many tickets it is tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StartReplay, example = json!({
    "agent": "categorization", "provider": "openai", "model": "gpt-5", "limit": 50
}))]
struct StartReplayBody {
    /// Whose decisions.
    #[schema(required, nullable = false)]
    agent: Option<AgentName>,
    /// The provider of the candidate.
    #[schema(pattern = "^[a-z0-9_-]{1,40}$", required, nullable = false)]
    provider: Option<String>,
    /// The candidate.
    #[schema(min_length = 1, max_length = 200, required, nullable = false)]
    model: Option<String>,
    /// Other instructions than the agent's own.
    #[schema(max_length = 20_000)]
    instructions: Option<String>,
    /// How many of the latest tickets; 100 unless said otherwise.
    #[schema(minimum = 1, maximum = 500)]
    limit: Option<u16>,
}

impl TryFrom<StartReplayBody> for NewReplay {
    type Error = atc_core::Error;

    fn try_from(body: StartReplayBody) -> Result<Self, atc_core::Error> {
        let mut faults = Faults::new();
        let agent = faults.require("/agent", body.agent.map(|agent| Ok::<_, String>(agent.into())));
        let provider = faults.require("/provider", body.provider.map(ProviderName::parse));
        let model = body.model.map(|model| {
            let legal =
                (1..=200).contains(&model.len()) && model.bytes().all(|b| b.is_ascii_graphic());
            if legal { Ok(model) } else { Err("A model's name is 1 to 200 visible characters.") }
        });
        let model = faults.require("/model", model);
        if let Some(text) = &body.instructions
            && (text.chars().count() > MOST_INSTRUCTIONS || text.contains('\0'))
        {
            faults.body("/instructions", "At most 20,000 characters are allowed, and no U+0000.");
        }
        let new = agent.zip(provider).zip(model).map(|((agent, provider), model)| NewReplay {
            agent,
            provider,
            model,
            instructions: body.instructions,
            limit: body.limit.unwrap_or(USUAL_LIMIT),
        });
        faults.finish(new)
    }
}
