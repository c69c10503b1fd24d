//! Articles that answer a text.

use atc_core::{
    article::{Article, SearchMode},
    text::ArticleBody,
    user::Role,
};
use atc_store::ArticleQuery;
use atc_testkit::{TestDb, on_both_engines};

use super::{article, ask, index, publish, titles, towards};
use crate::fixtures::insert_user;

on_both_engines![
    meaning_finds_what_words_do_not,
    an_article_is_found_by_its_words_at_once,
    drafts_are_for_staff,
    a_changed_article_shows_nothing_of_its_old_text,
    snippets_are_cut_between_characters
];

async fn meaning_finds_what_words_do_not(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    publish(db, &article(&agent, "Forgotten credentials", "x")).await;
    index(
        db,
        &[
            ("Forgotten credentials", Some(towards(0, 0.3))),
            ("Press the button.", Some(towards(0, 0.0))),
            ("Unrelated remarks.", Some(towards(4, 0.0))),
        ],
    )
    .await;
    publish(db, &article(&agent, "Password rules", "Twelve letters at least.")).await;
    index(db, &[("Twelve letters at least.", Some(towards(1, 0.0)))]).await;
    let asked = towards(0, 0.05);
    let question = "I lost my password";
    let hits = ask(db, question, Some(&asked), SearchMode::Hybrid).await;
    assert_eq!(titles(&hits), ["Forgotten credentials", "Password rules"]);
    assert_eq!(hits[0].snippet, "Press the button.");
    let hits = ask(db, question, Some(&asked), SearchMode::Semantic).await;
    assert_eq!(titles(&hits)[0], "Forgotten credentials");
    assert_eq!(ask(db, question, None, SearchMode::Semantic).await, []);
    let by_words = ask(db, question, Some(&asked), SearchMode::Keyword).await;
    assert_eq!(titles(&by_words), ["Password rules"]);
    assert_eq!(ask(db, question, None, SearchMode::Hybrid).await, by_words);
    // What is far in meaning and shares no word is no answer.
    assert_eq!(ask(db, "entirely", Some(&towards(5, 0.0)), SearchMode::Hybrid).await, []);
}

async fn an_article_is_found_by_its_words_at_once(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    publish(db, &article(&agent, "Network", "Restart the **router**, then the printer.")).await;
    publish(db, &article(&agent, "The printers", "# Paper\n\nSee [here](https://x.y).")).await;
    let asked = towards(0, 0.0);
    for mode in [SearchMode::Hybrid, SearchMode::Keyword] {
        for vector in [None, Some(&asked)] {
            let hits = ask(db, "Where is my printer?", vector, mode).await;
            assert_eq!(titles(&hits), ["The printers", "Network"], "{mode:?}");
            assert_eq!(hits[0].snippet, "Paper See here.");
            assert_eq!(hits[1].snippet, "Restart the router, then the printer.");
        }
    }
    let keyword = async |q| titles(&ask(db, q, None, SearchMode::Keyword).await).join("|");
    assert_eq!(keyword("printer router").await, "Network", "all words are wanted");
    assert_eq!(keyword("router nowhere").await, "Network", "or else some");
    assert_eq!(keyword("nowhere").await, "");
    assert_eq!(ask(db, "printer", Some(&asked), SearchMode::Semantic).await, []);
    index(db, &[("Anything", None)]).await;
    assert_eq!(keyword("printer router").await, "Network", "a missing model changes nothing");
}

async fn drafts_are_for_staff(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    publish(db, &Article { published: false, ..article(&agent, "Secret printer", "x") }).await;
    index(db, &[("x", Some(towards(0, 0.0)))]).await;
    let asked = towards(0, 0.0);
    for mode in [SearchMode::Hybrid, SearchMode::Semantic, SearchMode::Keyword] {
        assert_eq!(ask(db, "printer", Some(&asked), mode).await, []);
        let query =
            ArticleQuery { text: "printer", vector: Some(&asked), mode, drafts: true, limit: 10 };
        let hits = db.store.search_articles(&query).await.unwrap();
        assert_eq!(titles(&hits), ["Secret printer"]);
    }
}

async fn a_changed_article_shows_nothing_of_its_old_text(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let before = article(&agent, "Printer", "The password is hunter2.");
    publish(db, &before).await;
    index(db, &[("The password is hunter2.", Some(towards(0, 0.0)))]).await;
    let asked = towards(0, 0.0);
    assert_eq!(ask(db, "x", Some(&asked), SearchMode::Semantic).await.len(), 1);
    let after = Article { body: ArticleBody::parse("Ask Ann.").unwrap(), version: 2, ..before };
    let tx = db.store.begin().await.unwrap();
    tx.articles().update(&after, true).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ask(db, "x", Some(&asked), SearchMode::Semantic).await, []);
    assert_eq!(ask(db, "password", Some(&asked), SearchMode::Hybrid).await, []);
    let hits = ask(db, "printer", Some(&asked), SearchMode::Hybrid).await;
    assert_eq!(hits[0].snippet, "Ask Ann.");
    index(db, &[("Ask Ann.", Some(towards(1, 0.0)))]).await;
    assert_eq!(ask(db, "x", Some(&asked), SearchMode::Semantic).await, []);
    let asked = towards(1, 0.0);
    assert_eq!(ask(db, "x", Some(&asked), SearchMode::Semantic).await.len(), 1);
    let tx = db.store.begin().await.unwrap();
    assert!(tx.articles().delete(after.id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(ask(db, "printer", Some(&asked), SearchMode::Hybrid).await, []);
}

async fn snippets_are_cut_between_characters(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let text = format!("{} The printer 🖨️🔥 burns. {}", "🧯é́".repeat(500), "日本語".repeat(300));
    publish(db, &article(&agent, "Fire", &text)).await;
    for indexed in [false, true] {
        if indexed {
            index(db, &[("Fire", None), (&text, None)]).await;
        }
        let hits = ask(db, "printer", None, SearchMode::Hybrid).await;
        assert!(hits[0].snippet.starts_with("… "), "{}", hits[0].snippet);
        assert!(hits[0].snippet.chars().count() <= 250);
    }
}
