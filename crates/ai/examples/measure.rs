//! Measures triage on a labelled set, in this process:
//!
//! ```text
//! cargo run --release -p atc-ai --example measure -- MODELS_DIR DATA_DIR SET [LABELS_PER_CLASS|all] [SEED]
//! ```
//!
//! A fourth of every class (half, with few labels) is held out; the engine learns from the rest, as it
//! does from the decisions of people, and reads what was held out. Of `clinc150` what is out of scope
//! is never learnt, and only serves to see how sure the engine is of it.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a tool"
)]

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Instant};

use atc_ai::{EngineConfig, LocalEngine};
use atc_core::{
    category::{Category, Slug},
    id::TicketNumber,
    ports::{LabelledText, TriageEngine, TriageInput},
    text::{CategoryDescription, Name},
};
use chrono::DateTime;
use serde_json::Value;

const OUT_OF_SCOPE: &str = "oos";

struct Row {
    text: String,
    label: String,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, models, data, set, rest @ ..] = args.as_slice() else {
        println!("measure MODELS_DIR DATA_DIR SET [LABELS_PER_CLASS|all] [SEED]");
        return;
    };
    let per_class: Option<usize> = rest.first().and_then(|a| a.parse().ok());
    let seed: u64 = rest.get(1).and_then(|a| a.parse().ok()).unwrap_or(1);
    let (rows, descriptions) = read(&Path::new(data).join(set.trim_end_matches("-prio3")), set);
    let categories: Arc<[Category]> = descriptions.iter().map(category).collect();
    let (train, test) = split(rows, per_class, seed);

    let engine = LocalEngine::start(EngineConfig {
        models_dir: models.into(),
        threads: 2,
        queue: 100_000,
        ..EngineConfig::default()
    });
    let inputs: Vec<TriageInput> = train.iter().map(|r| input(&r.text)).collect();
    let mut meanings = Vec::new();
    for chunk in inputs.chunks(256) {
        meanings.extend(engine.meanings(chunk.to_vec()).await.unwrap().unwrap());
    }
    let started = Instant::now();
    let examples: Vec<LabelledText> = train
        .iter()
        .zip(inputs)
        .zip(meanings)
        .enumerate()
        .map(|(i, ((row, input), meaning))| LabelledText {
            number: TicketNumber(i64::try_from(i).unwrap()),
            input,
            meaning: Some(meaning),
            category: Some(slug(&row.label)),
            priority: None,
        })
        .collect();
    if !examples.is_empty() {
        let trained = engine.train(examples, categories.clone()).await.unwrap();
        engine.install(&trained.bytes, DateTime::UNIX_EPOCH).unwrap();
        println!(
            "trained in {:.1?}, {} bytes: {}",
            started.elapsed(),
            trained.bytes.len(),
            trained.report
        );
    }
    let started = Instant::now();
    let mut outcomes = Vec::new();
    for chunk in test.chunks(256) {
        let inputs = chunk.iter().map(|r| input(&r.text)).collect();
        let analyses = engine.analyse(inputs, categories.clone()).await.unwrap();
        for (row, analysis) in chunk.iter().zip(analyses) {
            let (best, sure) = analysis.category.ranked[0].clone();
            outcomes.push((row.label.clone(), best.as_str().to_owned(), sure));
        }
    }
    let each = started.elapsed() / u32::try_from(test.len().max(1)).unwrap();
    println!("{set} labels {} test {} {each:.1?} a text", train.len(), test.len());
    report(&outcomes);
}

fn read(dir: &Path, set: &str) -> (Vec<Row>, BTreeMap<String, String>) {
    let lines = std::fs::read_to_string(dir.join("dev.jsonl")).unwrap();
    let prio = set.ends_with("-prio3");
    let label = if prio { "prio3" } else { "label" };
    let rows: Vec<Row> = lines
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            Row { text: text("text"), label: text(label) }
        })
        .collect();
    let mut descriptions = BTreeMap::new();
    if prio {
        for row in &rows {
            descriptions.insert(row.label.clone(), format!("{} priority", row.label));
        }
        return (rows, descriptions);
    }
    let labels = std::fs::read_to_string(dir.join("labels.json")).unwrap();
    let labels: Value = serde_json::from_str(&labels).unwrap();
    for (label, description) in labels["labels"].as_object().unwrap() {
        if label != OUT_OF_SCOPE {
            descriptions.insert(label.clone(), description.as_str().unwrap().to_owned());
        }
    }
    (rows, descriptions)
}

fn slug(label: &str) -> Slug {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    Slug::parse(label.chars().map(plain).collect::<String>()).unwrap()
}

fn category((label, description): (&String, &String)) -> Category {
    let name: String = label.replace('_', " ");
    Category {
        slug: slug(label),
        name: Name::parse(name).unwrap(),
        description: CategoryDescription::parse(description.as_str()).unwrap(),
        examples: Vec::new(),
        team_id: None,
        default_priority: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        version: 1,
    }
}

fn input(text: &str) -> TriageInput {
    TriageInput { title: None, text: text.to_owned() }
}

/// What is learnt and what is held out, the same for the same seed.
fn split(rows: Vec<Row>, per_class: Option<usize>, mut seed: u64) -> (Vec<Row>, Vec<Row>) {
    let mut classes: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        classes.entry(row.label.clone()).or_default().push(row);
    }
    let mut random = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % n
    };
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (label, mut members) in classes {
        for i in (1..members.len()).rev() {
            members.swap(i, random(i + 1));
        }
        if label == OUT_OF_SCOPE {
            test.extend(members);
            continue;
        }
        let share = if per_class.is_some_and(|n| n <= 32) { 2 } else { 4 };
        let held = (members.len() / share).max(1);
        let rest = members.split_off(held);
        test.extend(members);
        train.extend(rest.into_iter().take(per_class.unwrap_or(usize::MAX)));
    }
    (train, test)
}

fn report(outcomes: &[(String, String, f64)]) {
    let in_scope: Vec<_> = outcomes.iter().filter(|(l, _, _)| l != OUT_OF_SCOPE).collect();
    let right = |(label, found, _): &(String, String, f64)| slug(label).as_str() == found;
    let accuracy = in_scope.iter().filter(|o| right(o)).count() as f64 / in_scope.len() as f64;
    let mut classes: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    for (label, found, _) in &in_scope {
        let label = slug(label).as_str().to_owned();
        if label == *found {
            classes.entry(label).or_default()[0] += 1.0;
        } else {
            classes.entry(label).or_default()[1] += 1.0;
            classes.entry(found.clone()).or_default()[2] += 1.0;
        }
    }
    let f1: f64 = classes.values().map(|[tp, a, b]| 2.0 * tp / (2.0 * tp + a + b)).sum::<f64>()
        / classes.len() as f64;
    let mut bins = [(0.0, 0.0); 15];
    for outcome in &in_scope {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let bin = ((outcome.2 * 15.0) as usize).min(14);
        bins[bin].0 += outcome.2;
        bins[bin].1 += f64::from(u8::from(right(outcome)));
    }
    let ece: f64 = bins.iter().map(|(s, r)| f64::abs(s - r)).sum::<f64>() / in_scope.len() as f64;
    print!("macro-F1 {:.2} accuracy {:.2} ECE {ece:.3}", f1 * 100.0, accuracy * 100.0);
    let levels = ["low", "medium", "high"];
    if classes.keys().all(|c| levels.contains(&c.as_str())) {
        print!(" kappa {:.3}", kappa(&in_scope, &levels));
    }
    let outside: Vec<f64> =
        outcomes.iter().filter(|(l, _, _)| l == OUT_OF_SCOPE).map(|o| o.2).collect();
    if !outside.is_empty() {
        let wins: f64 = in_scope
            .iter()
            .map(|inside| {
                let below = outside.iter().filter(|o| **o < inside.2).count() as f64;
                let same = outside.iter().filter(|o| o.total_cmp(&inside.2).is_eq()).count() as f64;
                below + same / 2.0
            })
            .sum();
        print!(" out-of-scope AUROC {:.4}", wins / (in_scope.len() * outside.len()) as f64);
    }
    println!();
}

/// Cohen's kappa with quadratic weights.
fn kappa(outcomes: &[&(String, String, f64)], levels: &[&str]) -> f64 {
    let place = |word: &str| levels.iter().position(|l| *l == word).unwrap();
    let n = outcomes.len() as f64;
    let mut seen = [[0.0; 3]; 3];
    for (label, found, _) in outcomes {
        seen[place(label)][place(found)] += 1.0;
    }
    let (mut observed, mut expected) = (0.0, 0.0);
    for i in 0..3 {
        for j in 0..3 {
            let apart = (i as f64 - j as f64).powi(2);
            let row: f64 = seen[i].iter().sum();
            let column: f64 = seen.iter().map(|r| r[j]).sum();
            observed += apart * seen[i][j];
            expected += apart * row * column / n;
        }
    }
    1.0 - observed / expected
}
