//! `keys rotate`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{config::Settings, out, wire};

/// Takes over with the current key what the others have sealed.
pub async fn rotate(settings: &Settings) -> Result<ExitCode> {
    let app = wire::app(settings, wire::Engine::None).await?;
    let resealed = app.reseal().await;
    app.shut_down().await;
    let resealed = resealed.context(
        "a key is missing: OTHER_ENCRYPTION_KEYS has to name every key that sealed before",
    )?;
    out::line(format!(
        "{} secrets are sealed with ENCRYPTION_KEY now; {} were before.",
        resealed.changed, resealed.kept
    ));
    Ok(ExitCode::SUCCESS)
}
