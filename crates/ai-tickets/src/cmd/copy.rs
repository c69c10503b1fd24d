//! `copy`.

mod progress;

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, ensure};
use atc_store::{Config, Copy, Store, TableReport};

use self::progress::Bar;
use crate::{cli, config::Settings, out};

/// Copies one database to another and says whether both hold the same.
pub async fn run(settings: &Settings, args: &cli::Copy) -> Result<ExitCode> {
    if let Some(path) = args.from.strip_prefix("sqlite://") {
        ensure!(Path::new(path).is_file(), "--from: there is no database file {path}");
    }
    let source = open(settings, &args.from).await.context("cannot open the database of --from")?;
    let target = open(settings, &args.to).await.context("cannot open the database of --to")?;
    let code = copy(&source, &target).await;
    source.close().await;
    target.close().await;
    code
}

async fn copy(source: &Store, target: &Store) -> Result<ExitCode> {
    let copy = Copy::prepare(source, target).await?;
    if copy.resumes() {
        out::note("going on where an earlier copy stopped");
    }
    let bar = Bar::new();
    copy.run(&bar).await?;
    let reports = copy.verify(&bar).await?;
    bar.finish();
    let rows: Vec<_> = reports.iter().map(row).collect();
    out::text(&out::table(["TABLE", "SOURCE", "TARGET", "SHA-256", "RESULT"], &rows));
    let different = reports.iter().filter(|report| !report.is_same()).count();
    if different > 0 {
        out::note(format!(
            "{different} tables differ: stop every server of both databases, and copy again to a new one"
        ));
        return Ok(ExitCode::FAILURE);
    }
    out::note(
        "The files of tickets were not copied. They stay where STORAGE_URL says: use the same \
         STORAGE_URL, or copy that folder or bucket as it is. Keep JWT_SECRET_KEY and \
         ENCRYPTION_KEY, or the DATA_DIR that holds them, as well.",
    );
    Ok(ExitCode::SUCCESS)
}

fn row(report: &TableReport) -> [String; 5] {
    let short = |hash: &str| hash.chars().take(16).collect::<String>();
    let (hash, result) = if report.is_same() {
        (short(&report.source_hash), "same")
    } else {
        let both = format!("{} / {}", short(&report.source_hash), short(&report.target_hash));
        (both, "DIFFERENT")
    };
    [
        report.table.clone(),
        report.source_rows.to_string(),
        report.target_rows.to_string(),
        hash,
        result.to_owned(),
    ]
}

async fn open(settings: &Settings, url: &str) -> Result<Store> {
    crate::wire::open(Config {
        url: url.to_owned(),
        max_connections: 2,
        acquire_timeout_ms: settings.database.acquire_timeout_ms,
        // A count of a large table takes as long as it takes.
        statement_timeout_ms: 0,
        replica_url: None,
        sqlite_full_sync: settings.database.sqlite_full_sync,
    })
    .await
}
