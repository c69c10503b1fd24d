//! `ticket new`: the newcomer's first minute.

use serde_json::Value;

use crate::program::Installation;

const WORDS: &str =
    "Hello, we were charged twice for invoice INV-20417. Please refund one payment.";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn words_become_a_ticket_without_a_server_or_a_model() {
    let installation = Installation::new();
    let said = installation.run(&["ticket", "new", WORDS]).expect(0);
    assert!(said.out.starts_with("#1  "), "{}", said.out);
    for label in ["Category", "Priority", "Status", "Owner", "Tags", "Summary", "Why", "Read by"] {
        assert!(said.out.contains(&format!("\n  {label} ")), "{label}: {}", said.out);
    }
    assert!(said.out.contains("INV-20417"), "{}", said.out);
    assert!(said.out.contains("a fallback"), "{}", said.out);

    let said = installation.run_with(&["ticket", "new", "--json"], WORDS).expect(0);
    let ticket = json(&said.out);
    assert_eq!(ticket["number"], 2);
    assert_eq!(ticket["description"], WORDS);
    assert!(ticket["triage"]["confidence"].as_f64().is_some_and(|c| (0.0..=1.0).contains(&c)));
}

#[test]
fn a_draft_is_shown_and_not_stored() {
    let installation = Installation::new();
    let said = installation.run(&["ticket", "new", "--dry-run", "it", "is", "broken"]).expect(0);
    assert!(said.out.starts_with("(draft)  "), "{}", said.out);
    let said = installation.run(&["ticket", "new", "--dry-run", "--json", "-"]).expect(1);
    assert!(said.err.contains("must not be empty"), "{}", said.err);
    let long = "x".repeat(50_001);
    let said = installation.run_with(&["ticket", "new"], &long).expect(1);
    assert!(said.err.contains("50000"), "{}", said.err);
    assert_eq!(installation.run(&["export", "tickets"]).expect(0).out, "");
}

#[test]
fn with_the_model_it_knows_what_it_is_about_and_what_it_has_seen() {
    let Some(models) = atc_testkit::models_dir() else { return };
    let installation = Installation::new().with("MODELS_DIR", models.to_str().unwrap());
    installation.run(&["models", "verify"]).expect(0);
    let first = json(&installation.run(&["ticket", "new", "--json", WORDS]).expect(0).out);
    assert_eq!(first["category"], "billing", "{first}");
    assert_eq!(first["triage"]["degraded"], false);
    let again = json(&installation.run(&["ticket", "new", "--json", WORDS]).expect(0).out);
    assert_eq!(again["triage"]["duplicates"][0]["number"], 1, "{again}");
}
