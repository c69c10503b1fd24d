//! Tickets like a text, and articles that answer one.

use atc_core::{
    article::{Article, ArticleHit, SearchMode},
    caller::Visibility,
    id::{ArticleId, TicketNumber, TicketRef},
    ports::Meaning,
    text::{ArticleBody, Description, Title},
    user::{Role, User},
    vector::{DIMENSIONS, Vector},
};
use atc_store::{
    ArticleQuery, NewTicketRow, Passage, SimilarHit, SimilarQuery, Store, TicketChange,
};
use atc_testkit::{TestDb, on_both_engines};
use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree,
};

use crate::fixtures::{id, insert_ticket, insert_user, minutes, noon, ticket};

on_both_engines![
    the_most_alike_comes_first,
    nobody_learns_of_other_peoples_tickets,
    a_ticket_is_not_like_itself_nor_like_a_deleted_one,
    a_changed_text_is_found_by_its_new_meaning,
    without_a_model_words_find_what_is_alike,
    another_process_finds_what_this_one_wrote,
    many_tickets_are_paged_into_the_index,
    meaning_finds_what_words_do_not,
    an_article_is_found_by_its_words_at_once,
    drafts_are_for_staff,
    a_changed_article_shows_nothing_of_its_old_text,
    foreign_vectors_are_forgotten,
    snippets_are_cut_between_characters,
    whatever_is_asked_is_only_words,
];

/// A direction: `near` of the way from one axis to the next.
fn towards(axis: usize, near: f32) -> Vector {
    let mut numbers: Vec<f32> =
        (0..DIMENSIONS).map(|i| if i % 7 == axis % 7 { 1.0 } else { -0.2 }).collect();
    for (i, x) in numbers.iter_mut().enumerate() {
        *x += near * f32::from(u8::try_from(i % 5).unwrap());
    }
    Vector::normalised(numbers).unwrap()
}

fn meaning(axis: usize, near: f32) -> Meaning {
    Meaning { title: towards(axis, near), whole: towards(axis, near) }
}

fn with_text(person: &User, title: &str, text: &str) -> NewTicketRow {
    NewTicketRow { description: Description::parse(text).unwrap(), ..ticket(person, title) }
}

async fn insert(store: &Store, new: &NewTicketRow, meaning: &Meaning) -> TicketNumber {
    let tx = store.begin().await.unwrap();
    let number = tx.tickets().insert(new, Some(meaning)).await.unwrap();
    tx.commit().await.unwrap();
    number
}

async fn delete(db: &TestDb, number: TicketNumber) {
    let tx = db.store.begin().await.unwrap();
    tx.tickets().delete(number).await.unwrap();
    tx.commit().await.unwrap();
}

fn like<'a>(text: &'a str, meaning: Option<&'a Meaning>) -> SimilarQuery<'a> {
    SimilarQuery {
        title: text,
        text: "",
        meaning,
        visibility: Visibility::All,
        exclude: None,
        limit: 5,
    }
}

async fn similar(store: &Store, query: SimilarQuery<'_>) -> Vec<SimilarHit> {
    let hits = store.similar_tickets(&query).await.unwrap();
    assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)), "{hits:?}");
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score), "{hits:?}");
    hits
}

fn found(hits: &[SimilarHit]) -> Vec<TicketNumber> {
    hits.iter().map(|hit| hit.number).collect()
}

async fn the_most_alike_comes_first(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let far = insert(&db.store, &ticket(&person, "Invoice is wrong"), &meaning(1, 0.0)).await;
    let near = insert(&db.store, &ticket(&person, "Toner all over"), &meaning(0, 0.1)).await;
    let same = insert(&db.store, &ticket(&person, "Printer burns"), &meaning(0, 0.0)).await;
    let asked = meaning(0, 0.0);
    let hits = similar(&db.store, like("Printer burns", Some(&asked))).await;
    assert_eq!(found(&hits), [same, near, far]);
    assert!(hits[0].score > 0.7 && hits[2].score < 0.1, "{hits:?}");
    assert_eq!((hits[0].title.as_str(), hits[0].requester_id), ("Printer burns", person.id));
    let two = SimilarQuery { limit: 2, ..like("Printer burns", Some(&asked)) };
    assert_eq!(found(&similar(&db.store, two).await), [same, near]);
}

async fn nobody_learns_of_other_peoples_tickets(db: &TestDb) {
    let me = insert_user(&db.store, "me@x.y", Role::User).await;
    let other = insert_user(&db.store, "other@x.y", Role::User).await;
    let mine = insert(&db.store, &ticket(&me, "Something else"), &meaning(1, 0.0)).await;
    insert(&db.store, &ticket(&other, "Printer burns"), &meaning(0, 0.0)).await;
    // More of my own than are compared one by one.
    for _ in 0..310 {
        insert(&db.store, &ticket(&me, "Nothing of it"), &meaning(2, 0.0)).await;
    }
    let same = insert(&db.store, &ticket(&me, "Printer burns"), &meaning(0, 0.0)).await;
    let asked = meaning(0, 0.0);
    let all = like("Printer burns", Some(&asked));
    assert_eq!(similar(&db.store, all).await.len(), 5);
    for (who, expected) in [(&me, 312), (&other, 1)] {
        let own = SimilarQuery { visibility: Visibility::Own(who.id), limit: 1_000, ..all };
        for own in [own, SimilarQuery { meaning: None, ..own }] {
            let hits = similar(&db.store, own).await;
            assert!(hits.len() <= expected);
            assert!(hits.iter().all(|hit| hit.requester_id == who.id), "{hits:?}");
            assert_eq!(hits[0].title, "Printer burns");
        }
    }
    let stranger = insert_user(&db.store, "new@x.y", Role::User).await;
    let own = SimilarQuery { visibility: Visibility::Own(stranger.id), ..all };
    assert_eq!(similar(&db.store, own).await, []);
    let asked = meaning(1, 0.0);
    let own =
        SimilarQuery { visibility: Visibility::Own(me.id), ..like("Something", Some(&asked)) };
    assert_eq!(found(&similar(&db.store, own).await)[0], mine);
    assert!(same > mine);
}

async fn a_ticket_is_not_like_itself_nor_like_a_deleted_one(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let asked = meaning(0, 0.0);
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(insert(&db.store, &ticket(&person, "Printer burns"), &asked).await);
    }
    let query = SimilarQuery { exclude: Some(numbers[0]), ..like("Printer burns", Some(&asked)) };
    assert_eq!(found(&similar(&db.store, query).await), [numbers[2], numbers[1]]);
    // The newest write is deleted and others follow: none is overlooked, none comes back.
    delete(db, numbers[2]).await;
    let next = insert(&db.store, &ticket(&person, "Printer burns"), &asked).await;
    assert_eq!(found(&similar(&db.store, query).await), [next, numbers[1]]);
    delete(db, next).await;
    delete(db, numbers[1]).await;
    assert_eq!(similar(&db.store, query).await, []);
    let last = insert(&db.store, &ticket(&person, "Fire"), &asked).await;
    assert_eq!(found(&similar(&db.store, query).await), [last]);
}

async fn a_changed_text_is_found_by_its_new_meaning(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let number = insert(&db.store, &ticket(&person, "Printer burns"), &meaning(0, 0.0)).await;
    let (old, new) = (meaning(0, 0.0), meaning(3, 0.0));
    let score = async |text, meaning| similar(&db.store, like(text, Some(meaning))).await[0].score;
    let before = score("Invoice is wrong", &new).await;
    assert!(score("Printer burns", &old).await > 0.7);
    let tx = db.store.begin().await.unwrap();
    let row =
        tx.tickets().get_for_update(TicketRef::Number(number), Visibility::All).await.unwrap();
    let change = TicketChange {
        title: Some(Title::parse("Invoice is wrong").unwrap()),
        ..TicketChange::default()
    };
    tx.tickets().update(&row, &change, Some(&new), noon() + minutes(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(before < 0.1 && score("Invoice is wrong", &new).await > 0.7);
    assert!(score("Printer burns", &old).await < 0.1);
}

async fn without_a_model_words_find_what_is_alike(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    for n in 0..20 {
        insert_ticket(&db.store, &ticket(&person, &format!("The system is slow {n}"))).await;
    }
    let text = "at org.example.FooBarService.start(FooBarService.java:42)\nError 0x80070005";
    let same = insert_ticket(&db.store, &with_text(&person, "Crash at start", text)).await;
    let part = insert_ticket(&db.store, &ticket(&person, "What is 0x80070005?")).await;
    let query = SimilarQuery { text, ..like("It crashes", None) };
    let hits = similar(&db.store, query).await;
    assert_eq!(found(&hits)[..2], [same, part]);
    assert!(hits[0].score > 2.0 * hits[1].score, "{hits:?}");
    // Tickets that are not embedded yet are found by their words beside those that are.
    let asked = meaning(0, 0.0);
    let hits = similar(&db.store, SimilarQuery { meaning: Some(&asked), ..query }).await;
    assert_eq!(found(&hits)[0], same);
    assert_eq!(similar(&db.store, like("?!", None)).await, []);
}

async fn another_process_finds_what_this_one_wrote(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let other = Store::connect(TestDb::config(&db.url)).await.unwrap();
    let asked = meaning(0, 0.0);
    assert_eq!(similar(&other, like("x", Some(&asked))).await, []);
    let first = insert(&db.store, &ticket(&person, "one"), &asked).await;
    assert_eq!(found(&similar(&other, like("x", Some(&asked))).await), [first]);
    // A transaction that ends after later ones began must not be overlooked.
    if db.engine() == atc_store::Engine::Postgres {
        let slow = db.store.begin().await.unwrap();
        let second = slow.tickets().insert(&ticket(&person, "two"), Some(&asked)).await.unwrap();
        let third = insert(&db.store, &ticket(&person, "three"), &asked).await;
        assert_eq!(found(&similar(&other, like("x", Some(&asked))).await), [third, first]);
        slow.commit().await.unwrap();
        assert_eq!(found(&similar(&other, like("x", Some(&asked))).await), [third, second, first]);
    }
    delete(db, first).await;
    let last = insert(&db.store, &ticket(&person, "last"), &asked).await;
    assert_eq!(found(&similar(&other, like("x", Some(&asked))).await)[0], last);
    other.close().await;
}

async fn many_tickets_are_paged_into_the_index(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let (asked, background) = (meaning(0, 0.0), meaning(1, 0.0));
    let tx = db.store.begin().await.unwrap();
    let mut wanted = None;
    // More than a page of rows, all of one transaction.
    for n in 0..2_100 {
        let meaning = if n == 2_050 { &asked } else { &background };
        let number = tx.tickets().insert(&ticket(&person, "t"), Some(meaning)).await.unwrap();
        wanted = if n == 2_050 { Some(number) } else { wanted };
    }
    tx.commit().await.unwrap();
    db.store.warm_search().await.unwrap();
    assert_eq!(found(&similar(&db.store, like("x", Some(&asked))).await)[0], wanted.unwrap());
}

fn article(author: &User, title: &str, body: &str) -> Article {
    Article {
        id: ArticleId(id()),
        title: Title::parse(title).unwrap(),
        body: ArticleBody::parse(body).unwrap(),
        tags: Vec::new(),
        published: true,
        author: Some(atc_core::user::UserSummary {
            id: author.id,
            email: String::new(),
            full_name: String::new(),
        }),
        created_at: noon(),
        updated_at: noon(),
        version: 1,
    }
}

async fn publish(db: &TestDb, article: &Article) {
    let tx = db.store.begin().await.unwrap();
    let author = article.author.as_ref().map(|author| author.id);
    tx.articles().insert(article, author, None).await.unwrap();
    tx.commit().await.unwrap();
}

/// Does what the indexer does, with these passages for each article that waits.
async fn index(db: &TestDb, passages: &[(&str, Option<Vector>)]) {
    for waiting in db.store.articles().unindexed(10).await.unwrap() {
        let passages: Vec<_> = passages
            .iter()
            .map(|(text, vector)| Passage { text: (*text).to_owned(), vector: vector.clone() })
            .collect();
        let tx = db.store.begin().await.unwrap();
        tx.articles().set_passages(waiting.number, waiting.text_version, &passages).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn ask(
    db: &TestDb,
    text: &str,
    vector: Option<&Vector>,
    mode: SearchMode,
) -> Vec<ArticleHit> {
    let query = ArticleQuery { text, vector, mode, drafts: false, limit: 10 };
    let hits = db.store.search_articles(&query).await.unwrap();
    assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)), "{hits:?}");
    assert!(hits.is_sorted_by(|a, b| a.score >= b.score), "{hits:?}");
    hits
}

fn titles(hits: &[ArticleHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.title.as_str()).collect()
}

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

async fn foreign_vectors_are_forgotten(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let asked = meaning(0, 0.0);
    let number = insert(&db.store, &ticket(&agent, "one"), &asked).await;
    publish(db, &article(&agent, "Printer", "x")).await;
    index(db, &[("x", Some(towards(0, 0.0)))]).await;
    assert_eq!(found(&similar(&db.store, like("y", Some(&asked))).await), [number]);
    assert_eq!(ask(db, "y", Some(&asked.whole), SearchMode::Semantic).await.len(), 1);
    let tx = db.store.begin().await.unwrap();
    tx.tickets().forget_vectors().await.unwrap();
    tx.articles().forget_vectors().await.unwrap();
    tx.commit().await.unwrap();
    assert!(similar(&db.store, like("y", Some(&asked))).await.iter().all(|hit| hit.score < 0.1));
    assert_eq!(ask(db, "y", Some(&asked.whole), SearchMode::Semantic).await, []);
    let other = meaning(1, 0.0);
    let tx = db.store.begin().await.unwrap();
    tx.tickets().set_meaning(number, None, &other).await.unwrap();
    tx.commit().await.unwrap();
    index(db, &[("x", Some(towards(1, 0.0)))]).await;
    let hits = similar(&db.store, like("y", Some(&other))).await;
    assert!(hits[0].score > 0.2, "{hits:?}");
    assert_eq!(ask(db, "y", Some(&other.whole), SearchMode::Semantic).await.len(), 1);
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

/// Quotes, operators and brackets of either engine's query language are words or nothing.
async fn whatever_is_asked_is_only_words(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let number = insert_ticket(&db.store, &ticket(&agent, "Printer burns")).await;
    publish(db, &article(&agent, "Printer burns", "unmatched")).await;
    let mut texts: Vec<String> = [
        "",
        " ",
        "\"",
        "'",
        "\\",
        "*",
        "(",
        ")",
        "a' | 'b",
        "x' OR '1'='1",
        "'; DROP TABLE tickets; --",
        "title : x",
        "{title} : x",
        "NEAR(a b, 3)",
        "^a",
        "-a",
        "a AND NOT b",
        "%",
        "_",
        ":*",
        "!a",
        "a <-> b",
        "ﬁ",
        "\u{202e}x",
        "🖨️",
        "\u{301}",
        "a\u{301}",
        "﷽",
        "İ",
        "ß",
    ]
    .map(String::from)
    .into();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    texts.extend((0..40).map(|_| any::<String>().new_tree(&mut runner).unwrap().current()));
    texts.push("long word ".repeat(5_000));
    for text in &texts {
        let query = SimilarQuery { text, ..like(text, None) };
        assert_eq!(similar(&db.store, query).await, [], "{text:?}");
        for mode in [SearchMode::Hybrid, SearchMode::Keyword, SearchMode::Semantic] {
            assert_eq!(ask(db, text, None, mode).await, [], "{text:?}");
        }
    }
    assert_eq!(found(&similar(&db.store, like("printer\" OR \"", None)).await), [number]);
    assert_eq!(ask(db, "printer') -- *", None, SearchMode::Hybrid).await.len(), 1);
}
