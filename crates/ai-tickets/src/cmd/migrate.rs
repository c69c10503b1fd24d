//! `migrate`.

use std::process::ExitCode;

use anyhow::Result;
use atc_store::Store;

use crate::{cli::Migrate, config::Settings, out, wire};

/// Changes the schema of the database, or shows how far it is.
pub async fn run(settings: &Settings, command: &Migrate) -> Result<ExitCode> {
    let store = wire::connect(settings).await?;
    match *command {
        Migrate::Up { steps } => {
            let before = applied(&store).await?;
            store.migrate_up(steps).await?;
            tell("applied", applied(&store).await?.iter().filter(|m| !before.contains(m)));
        }
        Migrate::Down { steps } => {
            let before = applied(&store).await?;
            store.migrate_down(steps).await?;
            let after = applied(&store).await?;
            tell("reverted", before.iter().rev().filter(|m| !after.contains(m)));
        }
        Migrate::Status => {
            let states = store.migration_states().await?;
            let rows: Vec<_> = states
                .into_iter()
                .map(|m| [m.name, if m.applied { "applied" } else { "pending" }.to_owned()])
                .collect();
            out::text(&out::table(["MIGRATION", "STATE"], &rows));
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn applied(store: &Store) -> Result<Vec<String>> {
    let states = store.migration_states().await?;
    Ok(states.into_iter().filter(|m| m.applied).map(|m| m.name).collect())
}

fn tell<'a>(what: &str, names: impl Iterator<Item = &'a String>) {
    let mut names = names.peekable();
    if names.peek().is_none() {
        out::line(format!("nothing to be {what}"));
    }
    for name in names {
        out::line(format!("{what} {name}"));
    }
}
