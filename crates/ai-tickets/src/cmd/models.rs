//! `models`.

use std::{io::IsTerminal, path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use atc_ai::models::{
    Manifest, ModelSpec,
    fetch::{self, Fetched},
    installed::{self, ModelError},
};
use indicatif::{HumanBytes, ProgressBar};

use crate::{cli::Models, config::Settings, out};

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// Fetches, verifies or shows the local models.
pub fn run(settings: &Settings, command: &Models) -> Result<ExitCode> {
    let manifest = Manifest::embedded()?;
    let dir = &settings.models_dir;
    match command {
        Models::Fetch => fetch(&manifest, dir),
        Models::Verify => Ok(verify(&manifest, dir)),
        Models::List => {
            list(&manifest, dir);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn fetch(manifest: &Manifest, dir: &Path) -> Result<ExitCode> {
    for spec in manifest.models().iter().filter(|m| m.needed) {
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(TICK);
        let person = std::io::stderr().is_terminal();
        let mut say = |text: &str| {
            let text = format!("{} ({}): {text}", spec.name, HumanBytes(spec.bytes()));
            if person { spinner.set_message(text) } else { out::note(text) }
        };
        let fetched = fetch::fetch(dir, spec, &mut say);
        spinner.finish_and_clear();
        let how = match fetched.with_context(|| format!("cannot fetch the model {}", spec.name))? {
            Fetched::AlreadyThere => "there already",
            Fetched::Now => "fetched",
        };
        out::note(format!("{}: {how}", spec.name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads every file of the models that are used, and of those that are there without being used.
fn verify(manifest: &Manifest, dir: &Path) -> ExitCode {
    let mut whole = true;
    for spec in manifest.models() {
        match installed::verify(dir, spec) {
            Ok(_) => out::line(format!("{}: whole", spec.name)),
            Err(ModelError::Missing { .. }) if !spec.needed => {}
            Err(e) => {
                whole = false;
                out::line(format!("{}: {e}", spec.name));
            }
        }
    }
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn list(manifest: &Manifest, dir: &Path) {
    let row = |spec: &ModelSpec| {
        let state = match installed::find(dir, spec) {
            Ok(_) => "there",
            Err(ModelError::Missing { .. }) if !spec.needed => "not used yet",
            Err(ModelError::Missing { .. }) => "missing",
            Err(_) => "damaged",
        };
        [
            spec.name.clone(),
            state.to_owned(),
            HumanBytes(spec.bytes()).to_string(),
            spec.licence.clone(),
            spec.purpose.clone(),
        ]
    };
    let rows: Vec<_> = manifest.models().iter().map(row).collect();
    out::text(&out::table(["MODEL", "STATE", "SIZE", "LICENCE", "FOR"], &rows));
}
