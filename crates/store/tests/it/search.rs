//! Searching by meaning and by words.

mod articles;
mod tickets;

use atc_core::{
    article::{Article, ArticleHit, SearchMode},
    caller::Visibility,
    id::{ArticleId, TicketNumber},
    page::PageRequest,
    ports::Meaning,
    text::{ArticleBody, Description, Title},
    ticket::{TicketFilter, TicketSort},
    user::{Role, User},
    vector::{DIMENSIONS, Vector},
};
use atc_store::{ArticleQuery, NewTicketRow, Passage, SimilarHit, SimilarQuery, Store};
use atc_testkit::{TestDb, on_both_engines};
use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree,
};

use crate::fixtures::{id, insert_ticket, insert_user, noon, ticket};

on_both_engines![
    foreign_vectors_are_forgotten,
    whatever_is_asked_is_only_words,
    words_are_found_in_every_form_of_their_language,
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

async fn insert(store: &Store, new: &NewTicketRow, meaning: &Meaning) -> TicketNumber {
    let tx = store.begin().await.unwrap();
    let number = tx.tickets().insert(new, Some(meaning)).await.unwrap();
    tx.commit().await.unwrap();
    number
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

/// What stands in a text of another language than English is found in any of its forms, by the same tickets on both
/// engines.
async fn words_are_found_in_every_form_of_their_language(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let texts = [
        "Die Rechnungen unserer Kunden werden seit gestern nicht mehr gedruckt, bitte helfen Sie uns.",
        "Bonjour, les imprimantes de notre bureau ne fonctionnent plus depuis hier matin.",
        "Las facturas de nuestros clientes no se pueden imprimir desde ayer por la mañana.",
        "Nothing can be printed in the second office since the update of yesterday.",
    ];
    let mut numbers = Vec::new();
    for text in texts {
        let mut new = ticket(&agent, "E-1");
        new.description = Description::parse(text.to_owned()).unwrap();
        numbers.push(insert_ticket(&db.store, &new).await);
    }
    for (asked, wanted) in [
        ("Rechnung", 0),
        ("rechnungen kunde", 0),
        ("imprimante", 1),
        ("fonctionne bureaux", 1),
        ("factura", 2),
        ("cliente", 2),
        ("offices print", 3),
    ] {
        let filter = TicketFilter { query: Some(asked.to_owned()), ..TicketFilter::default() };
        let page = PageRequest::default();
        let sort = TicketSort::Relevance;
        let found = db.store.tickets().list(&filter, sort, Visibility::All, page).await.unwrap();
        let found: Vec<_> = found.items.iter().map(|t| t.number).collect();
        assert_eq!(found, [numbers[wanted]], "{asked}");
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
