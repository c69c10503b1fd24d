//! The walls of the house: which crate may depend on what. A change here is a change of the
//! architecture and belongs in ARCHITECTURE.md as well.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// What each of our crates uses of the others and of the libraries that only one room knows.
const WALLS: [(&str, &[&str]); 14] = [
    ("atc-core", &[]),
    ("atc-store", &["atc-core", "sea-orm", "sea-orm-migration", "sqlx", "tokio"]),
    ("atc-platform", &["atc-core", "redis", "tokio"]),
    ("atc-ai", &["atc-core", "rten", "tokenizers", "tokio"]),
    ("atc-media", &["atc-core", "atc-speech", "rten", "tokio"]),
    ("atc-net", &["atc-core", "reqwest", "tokio"]),
    ("atc-llm", &["atc-core", "atc-net", "tokio"]),
    ("atc-speech", &["ct2rs", "rten", "tokenizers"]),
    ("atc-app", &["atc-core", "atc-store", "tokio"]),
    ("atc-api", &["atc-app", "atc-core", "axum", "hyper", "rmcp", "tokio"]),
    ("atc-tools", &["atc-core", "atc-net", "rmcp", "tokio"]),
    (
        "ai-tickets",
        &[
            "atc-ai",
            "atc-api",
            "atc-app",
            "atc-core",
            "atc-llm",
            "atc-media",
            "atc-net",
            "atc-platform",
            "atc-store",
            "atc-tools",
            "tokio",
        ],
    ),
    (
        "atc-testkit",
        &[
            "atc-ai",
            "atc-api",
            "atc-app",
            "atc-core",
            "atc-media",
            "atc-net",
            "atc-platform",
            "atc-store",
            "atc-tools",
            "axum",
            "hyper",
            "sqlx",
            "tokio",
        ],
    ),
    ("atc-core (its own libraries)", &["chrono", "serde", "thiserror", "uuid"]),
];

/// Libraries that a wall stands around.
const GUARDED: [&str; 12] = [
    "axum",
    "ct2rs",
    "hyper",
    "redis",
    "reqwest",
    "rmcp",
    "rten",
    "sea-orm",
    "sea-orm-migration",
    "sqlx",
    "tokenizers",
    "tokio",
];

#[test]
fn every_crate_keeps_to_its_walls() {
    let present = dependencies();
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (krate, used) in &present {
        let guarded = used
            .iter()
            .map(String::as_str)
            .filter(|name| present.contains_key(*name) || GUARDED.contains(name));
        found.insert(krate, guarded.collect());
    }
    let core = present["atc-core"].iter().map(String::as_str).collect();
    found.insert("atc-core (its own libraries)", core);
    let walls = WALLS.iter().map(|(krate, may)| (*krate, may.to_vec())).collect();
    assert_eq!(found, walls);
}

/// The normal dependencies of each of our crates, sorted.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let mut normal: Vec<_> =
                dependencies.iter().filter(|d| d["kind"].is_null()).map(name).collect();
            normal.sort();
            (name(package), normal)
        })
        .collect()
}
