//! `models`, and what becomes of the server without a whole one.

use std::fs::{self, File};

use atc_ai::models::Manifest;

use crate::program::{Installation, eventually};

/// An installation whose models have the right sizes and the wrong content.
fn damaged() -> Installation {
    let installation = Installation::new().with("MODELS_DIR", "models");
    for model in Manifest::embedded().unwrap().models() {
        let dir = model.dir(&installation.path("models"));
        fs::create_dir_all(&dir).unwrap();
        for file in &model.files {
            File::create(dir.join(&file.name)).unwrap().set_len(file.bytes).unwrap();
        }
    }
    installation
}

#[test]
fn missing_and_damaged_models_are_told_with_what_to_do() {
    let empty = Installation::new();
    let said = empty.run(&["models", "verify"]).expect(1);
    assert!(said.out.contains("missing; run `ai-tickets models fetch`"), "{}", said.out);
    let said = empty.run(&["models", "list"]).expect(0);
    assert!(said.out.contains(" missing "), "{}", said.out);
    let said = damaged().run(&["models", "verify"]).expect(1);
    assert!(said.out.contains("damaged; run `ai-tickets models fetch`"), "{}", said.out);
}

#[test]
fn with_a_damaged_model_it_serves_and_says_so() {
    let installation = damaged();
    let server = installation.serve();
    assert_eq!(server.call("GET", "/health/ready", "", None).status, 200);
    eventually("health names the damage", || {
        let health = server.call("GET", "/health", "", None);
        assert_eq!(health.status, 200, "{}", health.body);
        assert_eq!(health.body["status"], "degraded", "{}", health.body);
        let detail = health.body["components"]["ai"]["detail"].as_str().unwrap_or_default();
        detail.contains("damaged; run `ai-tickets models fetch`")
    });
}
