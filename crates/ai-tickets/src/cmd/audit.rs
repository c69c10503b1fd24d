//! `audit`.

use std::{
    io::{BufWriter, Write, stdout},
    process::ExitCode,
};

use anyhow::{Context, Result};
use atc_app::App;
use atc_core::{Error, audit::AuditRecord};
use serde::Serialize;

use crate::{cli::Audit, config::Settings, out, wire};

/// Verifies the audit trail, or writes it out.
pub async fn run(settings: &Settings, command: Audit) -> Result<ExitCode> {
    let app = wire::app(settings, wire::Engine::None).await?;
    let code = match command {
        Audit::Verify { expect } => verify(&app, expect.as_deref()).await,
        Audit::Export => export(&app).await,
    };
    app.shut_down().await;
    code
}

async fn verify(app: &App, expected: Option<&str>) -> Result<ExitCode> {
    app.seal_audit().await.context("cannot seal what was written last")?;
    match app.verify_audit(expected).await? {
        Ok(verified) => {
            out::line(format!(
                "The audit trail is whole: {} entries in {} seals.",
                verified.entries, verified.seals
            ));
            if verified.unsealed > 0 {
                out::line(format!("{} newer entries wait for their seal.", verified.unsealed));
            }
            out::line(format!("Newest seal: {}", verified.head));
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            out::note(format!("The audit trail was tampered with: {fault}."));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// A line of the export.
#[derive(Serialize)]
struct Line<'a> {
    seal: Option<i64>,
    seal_hash: Option<&'a str>,
    #[serde(flatten)]
    record: &'a AuditRecord,
}

async fn export(app: &App) -> Result<ExitCode> {
    let mut output = BufWriter::new(stdout().lock());
    app.export_audit(|seal, record| {
        let line = Line { seal: seal.map(|s| s.0), seal_hash: seal.map(|s| s.1), record };
        serde_json::to_writer(&mut output, &line).map_err(Error::internal)?;
        output.write_all(b"\n").map_err(Error::internal)
    })
    .await
    .context("cannot write the audit trail")?;
    output.flush().context("cannot write the audit trail")?;
    Ok(ExitCode::SUCCESS)
}
