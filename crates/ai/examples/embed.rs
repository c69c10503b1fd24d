//! Times triage of single texts, one after the other, on one thread:
//! `cargo run --release -p atc-ai --example embed -- MODELS_DIR [ROUNDS]`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool")]

use std::{sync::Arc, time::Instant};

use atc_ai::{EngineConfig, LocalEngine};
use atc_core::{
    category::{Category, Slug},
    ports::{TriageEngine, TriageInput},
    text::{CategoryDescription, Name},
};
use chrono::DateTime;

const TEXT: &str = "Hi team, since this morning our warehouse cannot print shipping labels. The \
    printer on the third floor shows error E-202 and the queue keeps growing. We restarted it twice \
    and checked the cable, but nothing changed. Two colleagues have the same problem on their \
    computers. Please have a look, because the courier comes at noon. Thanks, Bob";

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let models_dir = args.next().unwrap().into();
    let rounds: u32 = args.next().map_or(200, |n| n.parse().unwrap());
    let engine = LocalEngine::start(EngineConfig { models_dir, ..EngineConfig::default() });
    let categories: Arc<[Category]> = ["billing", "hardware", "access", "bug"]
        .map(|slug| Category {
            slug: Slug::parse(slug).unwrap(),
            name: Name::parse(slug).unwrap(),
            description: CategoryDescription::parse(slug).unwrap(),
            examples: Vec::new(),
            team_id: None,
            default_priority: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            version: 1,
        })
        .into();
    let input = || TriageInput { title: None, text: TEXT.to_owned() };
    engine.analyse(vec![input()], categories.clone()).await.unwrap();
    for what in ["embed", "triage"] {
        let mut took = Vec::new();
        for _ in 0..rounds {
            let started = Instant::now();
            if what == "embed" {
                engine.embed(vec![TEXT.to_owned()]).await.unwrap();
            } else {
                engine.analyse(vec![input()], categories.clone()).await.unwrap();
            }
            took.push(started.elapsed());
        }
        took.sort_unstable();
        println!(
            "{what}: p50 {:.1?} p99 {:.1?}",
            took[took.len() / 2],
            took[took.len() * 99 / 100]
        );
    }
}
