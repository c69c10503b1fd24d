//! `import` and `export`.

use serde_json::{Value, json};

use crate::program::Installation;

/// Lines that are not easy to carry: quotes, breaks, formulas, lists with separators, numbers with
/// many digits, text of all kinds.
pub fn tickets() -> Vec<Value> {
    vec![
        json!({
            "external_id": "OLD-1", "title": "=HYPERLINK(\"http://x\")", "description": "a,\"b\"\r\n'c'\n",
            "status": "closed", "priority": "critical", "category": "hardware",
            "tags": ["a;b", "c,d", "[e]"], "source": "extension",
            "requester_email": "Ann@example.com", "assignee_id": null, "team_id": null,
            "attachment_ids": [], "metadata": {"n": 0.300_000_000_000_000_04, "big": 1e300, "deep": {"x": [null, "=1"]}},
            "created_at": "2019-03-04T05:06:07.089Z",
        }),
        json!({
            "external_id": "OLD-2", "title": "'quoted", "description": "",
            "status": "in_progress", "priority": "low", "category": "general",
            "tags": [], "source": "api", "requester_email": "admin@localhost",
            "assignee_id": null, "team_id": null, "attachment_ids": [], "metadata": {},
            "created_at": "2026-01-31T12:00:00.000Z",
        }),
        json!({
            "external_id": "OLD-3", "title": "'=1 😀 ＝", "description": "\t tab first, \u{85} and \u{2028}",
            "status": "new", "priority": "medium", "category": "billing",
            "tags": ["x"], "source": "integration", "requester_email": "bob@example.com",
            "assignee_id": null, "team_id": null, "attachment_ids": [], "metadata": {"a": ""},
            "created_at": "2026-01-31T12:00:00.001Z",
        }),
    ]
}

pub fn articles() -> Vec<Value> {
    vec![
        json!({"external_id": "KB-1", "title": "Refunds", "body": "# Refunds\n\n- one\n- \"two\"\n",
               "tags": ["billing", "a;b"], "published": true}),
        json!({"external_id": "KB-2", "title": "-draft", "body": "@nobody", "tags": [],
               "published": false}),
    ]
}

pub fn category() -> Value {
    json!({"slug": "hardware", "name": "Hardware", "description": "=Laptops; monitors",
           "examples": ["It is; broken.", "[it]"], "team_id": null, "default_priority": "high"})
}

pub fn lines(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

pub fn parsed(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn filled() -> Installation {
    let installation = Installation::new();
    installation.run_with(&["import", "categories", "-"], &lines(&[category()])).expect(0);
    installation.run_with(&["import", "tickets", "-"], &lines(&tickets())).expect(0);
    installation.run_with(&["import", "articles", "-"], &lines(&articles())).expect(0);
    installation
}

#[test]
fn what_is_imported_comes_out_as_it_was() {
    let installation = filled();
    let export = |kind| parsed(&installation.run(&["export", kind]).expect(0).out);
    assert_eq!(export("tickets"), tickets());
    assert_eq!(export("articles"), articles());
    let categories = export("categories");
    assert_eq!(categories.len(), 10);
    assert!(categories.contains(&category()), "{categories:?}");
}

#[test]
fn an_export_makes_the_same_installation_elsewhere_and_nothing_twice() {
    let here = filled();
    for extension in ["jsonl", "csv"] {
        let there = Installation::new();
        // Categories come first: tickets name them.
        for (kind, made) in [("categories", 1), ("tickets", 3), ("articles", 2)] {
            let file = format!("{kind}.{extension}");
            here.run(&["export", kind, &file]).expect(0);
            let path = here.path(&file);
            let path = path.to_str().unwrap();
            let said = there.run(&["import", kind, path]).expect(0);
            assert!(said.err.contains(&format!("{made} made")), "{kind}: {}", said.err);
            there.run(&["export", kind, &file]).expect(0);
            assert_eq!(there.read(&file), here.read(&file), "{file}");

            for installation in [&here, &there] {
                let again = installation.run(&["import", kind, path]).expect(0);
                assert!(again.err.contains(": 0 made"), "{kind}: {}", again.err);
            }
        }
    }
}

#[test]
fn a_ticket_without_a_foreign_identity_is_known_by_its_own() {
    let installation = Installation::new();
    let line = r#"{"title": "t", "description": "d", "category": "bug", "priority": "low"}"#;
    installation.run_with(&["import", "tickets", "-"], line).expect(0);
    let exported = installation.run(&["export", "tickets"]).expect(0).out;
    let again = installation.run_with(&["import", "tickets", "-"], &exported).expect(0);
    assert!(again.err.contains("0 made, 1 there already, 0 failed"), "{}", again.err);
}

#[test]
fn a_bad_line_is_told_with_its_number_and_the_rest_goes_on() {
    let installation = Installation::new();
    let good = |id: &str| {
        format!(
            r#"{{"external_id":"{id}","title":"t","description":"d","category":"bug","priority":"low"}}"#
        )
    };
    let file = [
        good("1"),
        r#"{"title":"","description":"d","priority":"urgent","tags":["a",""]}"#.to_owned(),
        "not json".to_owned(),
        String::new(),
        r#"{"title":"t","description":"d","colour":"red"}"#.to_owned(),
        r#"{"title":"t","description":"d","category":"nope","priority":"low"}"#.to_owned(),
        r#"{"title":"t","description":"d","category":"bug","priority":"low","assignee_id":"0198c5a2-7d3e-7b1a-9f60-2f7f5d8a1c11"}"#.to_owned(),
        r#"{"title":"a\u0000b","description":"d","category":"bug","priority":"low"}"#.to_owned(),
        good("2"),
        good("1"),
    ];
    installation.write("t.jsonl", &file.join("\n"));
    let said = installation.run(&["import", "tickets", "t.jsonl"]).expect(1);
    let told = |start: &str, holds: &[&str]| {
        let line = said.err.lines().find(|l| l.starts_with(start));
        let line = line.unwrap_or_else(|| panic!("{start}: {}", said.err));
        assert!(holds.iter().all(|h| line.contains(h)), "{line}");
    };
    told("line 2: ", &["title: ", "priority: ", "tags/1: "]);
    told("line 3: ", &[]);
    told("line 5: ", &["colour"]);
    told("line 6: ", &["category: ", "nope"]);
    told("line 7: ", &["assignee_id: "]);
    told("line 8: ", &["NUL"]);
    assert_eq!(said.err.lines().filter(|l| l.starts_with("line ")).count(), 6, "{}", said.err);
    assert!(said.err.contains("tickets: 2 made, 1 there already, 6 failed"), "{}", said.err);

    let again = installation.run(&["import", "tickets", "t.jsonl"]).expect(1);
    assert!(again.err.contains("tickets: 0 made, 3 there already, 6 failed"), "{}", again.err);
}

#[test]
fn bad_lines_of_a_table_are_told_too() {
    let installation = Installation::new();
    installation.write(
        "a.csv",
        "title,body,published\r\n\"two\r\nlines\",x,true\r\nGood,\"a\r\nb\",\r\nBad,x,perhaps\r\nShort\r\n",
    );
    let said = installation.run(&["import", "articles", "a.csv"]).expect(1);
    for line in ["line 2: title: ", "line 6: published: ", "line 7: 1 cells"] {
        assert!(said.err.contains(line), "{line}: {}", said.err);
    }
    assert!(said.err.contains("articles: 1 made, 0 there already, 3 failed"), "{}", said.err);

    installation.write("b.csv", "title,text\nx,y\n");
    let said = installation.run(&["import", "articles", "b.csv"]).expect(1);
    assert!(said.err.contains("\"text\""), "{}", said.err);
    let said = installation.run(&["import", "articles", "b.xlsx"]).expect(1);
    assert!(said.err.contains("--format"), "{}", said.err);
}

#[test]
fn no_cell_of_a_table_begins_a_formula() {
    let installation = filled();
    let table = installation.run(&["export", "tickets", "--format", "csv"]).expect(0).out;
    for line in table.lines() {
        for start in ["\"=", "\"+", "\"-", "\"@", "\"\t"] {
            let risky = line.starts_with(start) || line.contains(&format!(",{start}"));
            assert!(!risky, "{line}");
        }
    }
}
