//! People, sessions, tokens, kept answers.

use atc_core::{
    id::{SessionId, TokenId},
    idempotency::{IdempotencyKey, StoredAnswer},
    page::{Limit, PageRequest},
    text::Name,
    token::{ApiToken, Scope},
    user::{Email, Role},
};
use atc_store::Session;
use atc_testkit::{TestDb, on_both_engines};

use crate::fixtures::{id, insert_user, minutes, noon, user};

on_both_engines![
    addresses_are_unique_without_case,
    people_are_listed_in_pages,
    a_session_rotates_once_per_generation,
    a_session_ends_with_its_person,
    a_token_leads_to_its_owner,
    a_key_is_claimed_once,
    a_transaction_that_is_dropped_leaves_nothing,
];

async fn addresses_are_unique_without_case(db: &TestDb) {
    let first = insert_user(&db.store, "Anna@Example.com", Role::User).await;
    let tx = db.store.begin().await.unwrap();
    let error = tx.users().insert(&user("anna@example.COM", Role::User), None).await.unwrap_err();
    assert!(error.is_taken("email_key"), "{error:?}");
    drop(tx);
    let found = db.store.users().find_by_email(&Email::parse("ANNA@example.com").unwrap()).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.user, first);
    assert_eq!(found.password_hash.as_deref(), Some("hash"));
}

async fn people_are_listed_in_pages(db: &TestDb) {
    for n in 0..5 {
        insert_user(&db.store, &format!("p{n}@example.com"), Role::User).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let limit = Limit::new(2).unwrap();
        let request = PageRequest { limit, after, include_total: true };
        let page = db.store.users().list(request).await.unwrap();
        assert_eq!(page.total, Some(5));
        seen.extend(page.items.into_iter().map(|u| u.email.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, (0..5).map(|n| format!("p{n}@example.com")).collect::<Vec<_>>());
}

async fn session(db: &TestDb, email: &str) -> Session {
    let user = insert_user(&db.store, email, Role::User).await;
    let session = Session {
        id: SessionId(id()),
        user_id: user.id,
        nonce: [7; 16],
        generation: 0,
        rotated_at: noon(),
        created_at: noon(),
        expires_at: noon() + minutes(60),
        revoked_at: None,
    };
    let tx = db.store.begin().await.unwrap();
    tx.sessions().insert(&session).await.unwrap();
    tx.commit().await.unwrap();
    session
}

async fn a_session_rotates_once_per_generation(db: &TestDb) {
    let session = session(db, "a@example.com").await;
    let rotate = async || {
        let tx = db.store.begin().await.unwrap();
        let done = tx
            .sessions()
            .rotate(session.id, 0, noon() + minutes(1), noon() + minutes(90))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        done
    };
    let (a, b) = tokio::join!(rotate(), rotate());
    assert!(a ^ b, "one of two racing rotations wins: {a} {b}");
    let now = db.store.sessions().find(session.id).await.unwrap().unwrap();
    assert_eq!((now.generation, now.rotated_at), (1, noon() + minutes(1)));
}

async fn a_session_ends_with_its_person(db: &TestDb) {
    let session = session(db, "a@example.com").await;
    let caller = async || {
        db.store.sessions().find_caller(session.id, session.user_id, noon()).await.unwrap()
    };
    assert_eq!(caller().await.unwrap().role, Role::User);

    let tx = db.store.begin().await.unwrap();
    let mut user = tx.users().get_for_update(session.user_id).await.unwrap();
    user.is_active = false;
    tx.users().update(&user).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(caller().await, None);

    let tx = db.store.begin().await.unwrap();
    user.is_active = true;
    tx.users().update(&user).await.unwrap();
    tx.sessions().revoke_all(user.id, None, noon()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(caller().await, None);
}

async fn a_token_leads_to_its_owner(db: &TestDb) {
    let owner = insert_user(&db.store, "a@example.com", Role::Agent).await;
    let token = ApiToken {
        id: TokenId(id()),
        user_id: owner.id,
        name: Name::parse("script").unwrap(),
        prefix: "atc_abc".into(),
        scopes: vec![Scope::TicketsRead, Scope::KnowledgeWrite],
        expires_at: Some(noon() + minutes(5)),
        last_used_at: None,
        created_at: noon(),
    };
    let tx = db.store.begin().await.unwrap();
    tx.tokens().insert(&token, &[1; 32]).await.unwrap();
    tx.commit().await.unwrap();
    let owner_at = async |minute| {
        db.store.tokens().find_owner(&[1; 32], noon() + minutes(minute)).await.unwrap()
    };
    assert_eq!(owner_at(4).await.unwrap().caller.user_id, owner.id);
    assert!(owner_at(5).await.is_none());
    assert!(db.store.tokens().find_owner(&[2; 32], noon()).await.unwrap().is_none());
    assert_eq!(db.store.tokens().list(owner.id).await.unwrap(), std::slice::from_ref(&token));

    let tx = db.store.begin().await.unwrap();
    assert!(!tx.tokens().delete(atc_core::id::UserId(id()), token.id).await.unwrap());
    assert!(tx.tokens().delete(owner.id, token.id).await.unwrap());
    tx.commit().await.unwrap();
    assert!(owner_at(0).await.is_none());
}

async fn a_key_is_claimed_once(db: &TestDb) {
    let key = IdempotencyKey { caller: None, key: "k".into(), fingerprint: [9; 32] };
    let day = minutes(24 * 60);
    let create = async || {
        let tx = db.store.begin().await.unwrap();
        if !tx.idempotency().claim(&key, noon(), noon() - day).await.unwrap() {
            return false;
        }
        let answer = StoredAnswer {
            status: 201,
            headers: vec![("location".into(), "/x".into())],
            body: b"{}".to_vec(),
        };
        tx.idempotency().keep(&key, &answer).await.unwrap();
        tx.commit().await.unwrap();
        true
    };
    let (a, b) = tokio::join!(create(), create());
    assert!(a ^ b, "one of two racing requests creates: {a} {b}");
    let (fingerprint, answer) =
        db.store.idempotency().find(&key, noon() - day).await.unwrap().unwrap();
    assert_eq!((fingerprint, answer.status, answer.headers.len()), ([9; 32], 201, 1));
    // A day later the key is free again.
    let tx = db.store.begin().await.unwrap();
    assert!(tx.idempotency().claim(&key, noon() + day + day, noon() + day).await.unwrap());
}

async fn a_transaction_that_is_dropped_leaves_nothing(db: &TestDb) {
    let tx = db.store.begin().await.unwrap();
    tx.users().insert(&user("a@example.com", Role::User), None).await.unwrap();
    assert!(tx.users().any().await.unwrap());
    drop(tx);
    assert!(!db.store.users().any().await.unwrap());
}
