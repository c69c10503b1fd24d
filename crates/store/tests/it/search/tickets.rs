//! Tickets that are like a text.

use atc_core::{
    caller::Visibility,
    id::{TicketNumber, TicketRef},
    text::{Description, Title},
    user::{Role, User},
};
use atc_store::{NewTicketRow, SimilarQuery, Store, TicketChange};
use atc_testkit::{TestDb, on_both_engines};

use super::{found, insert, like, meaning, similar};
use crate::fixtures::{insert_ticket, insert_user, minutes, noon, ticket};

on_both_engines![
    the_most_alike_comes_first,
    nobody_learns_of_other_peoples_tickets,
    a_ticket_is_not_like_itself_nor_like_a_deleted_one,
    a_changed_text_is_found_by_its_new_meaning,
    without_a_model_words_find_what_is_alike,
    another_process_finds_what_this_one_wrote,
    many_tickets_are_paged_into_the_index
];

fn with_text(person: &User, title: &str, text: &str) -> NewTicketRow {
    NewTicketRow { description: Description::parse(text).unwrap(), ..ticket(person, title) }
}

async fn delete(db: &TestDb, number: TicketNumber) {
    let tx = db.store.begin().await.unwrap();
    tx.tickets().delete(number).await.unwrap();
    tx.commit().await.unwrap();
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
    assert_eq!(found(&similar(&db.store, query).await), [numbers[1], numbers[2]]);
    // The newest write is deleted and others follow: none is overlooked, none comes back.
    delete(db, numbers[2]).await;
    let next = insert(&db.store, &ticket(&person, "Printer burns"), &asked).await;
    assert_eq!(found(&similar(&db.store, query).await), [numbers[1], next]);
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
        assert_eq!(found(&similar(&other, like("x", Some(&asked))).await), [first, third]);
        slow.commit().await.unwrap();
        assert_eq!(found(&similar(&other, like("x", Some(&asked))).await), [first, second, third]);
    }
    delete(db, first).await;
    let last = insert(&db.store, &ticket(&person, "last"), &asked).await;
    let hits = similar(&other, like("x", Some(&asked))).await;
    assert!(found(&hits).contains(&last) && !found(&hits).contains(&first), "{hits:?}");
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
