//! Programs, codes and grants.

use atc_core::{
    caller::Credential,
    grant::{Grant, OauthClient},
    id::{GrantId, UserId},
    text::Name,
    token::Scope,
    user::Role,
};
use atc_store::{OauthCode, StoredGrant};
use atc_testkit::{TestDb, on_both_engines};
use chrono::TimeDelta;

use crate::fixtures::{id, insert_user, minutes, noon};

on_both_engines![
    a_program_is_remembered_while_it_is_used,
    a_code_is_taken_once,
    a_grant_rotates_once_per_generation,
    a_grant_ends_with_its_person,
    people_end_what_is_theirs,
];

const CLIENT: &str = "https://app.example/client.json";

async fn put_client(db: &TestDb) -> OauthClient {
    let client = OauthClient {
        id: CLIENT.to_owned(),
        name: Name::parse("Desk").unwrap(),
        redirect_uris: vec!["http://127.0.0.1/cb".to_owned(), "https://app.example/cb".to_owned()],
        fresh_until: Some(noon() + minutes(5)),
        created_at: noon(),
    };
    let tx = db.store.begin().await.unwrap();
    tx.oauth_clients().put(&client).await.unwrap();
    tx.commit().await.unwrap();
    client
}

fn new_grant(user: UserId) -> StoredGrant {
    StoredGrant {
        grant: Grant {
            id: GrantId(id()),
            user_id: user,
            client_id: CLIENT.to_owned(),
            client_name: Name::parse("Desk").unwrap(),
            client_place: "app.example".to_owned(),
            resource: "https://desk.example/mcp".to_owned(),
            scopes: vec![Scope::TicketsRead, Scope::FilesWrite],
            created_at: noon(),
            renewed_at: noon(),
            expires_at: noon() + minutes(60),
        },
        nonce: [7; 16],
        generation: 0,
        revoked_at: None,
    }
}

/// What somebody let the program do.
async fn grant_of(db: &TestDb, email: &str) -> StoredGrant {
    let user = insert_user(&db.store, email, Role::Agent).await;
    put_client(db).await;
    let grant = new_grant(user.id);
    let tx = db.store.begin().await.unwrap();
    tx.grants().insert(&grant).await.unwrap();
    tx.commit().await.unwrap();
    grant
}

async fn a_program_is_remembered_while_it_is_used(db: &TestDb) {
    assert_eq!(db.store.oauth_clients().find(CLIENT).await.unwrap(), None);
    let mut client = put_client(db).await;
    assert_eq!(db.store.oauth_clients().find(CLIENT).await.unwrap(), Some(client.clone()));
    client.name = Name::parse("Desk 2").unwrap();
    client.fresh_until = None;
    let tx = db.store.begin().await.unwrap();
    tx.oauth_clients().put(&client).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.oauth_clients().find(CLIENT).await.unwrap(), Some(client));
    assert_eq!(db.store.oauth_clients().count().await.unwrap(), 1);

    let grant = grant_of(db, "a@example.com").await;
    let forget = async |never, since| {
        let tx = db.store.begin().await.unwrap();
        let count = tx.oauth_clients().delete_unused(never, since).await.unwrap();
        tx.commit().await.unwrap();
        count
    };
    let later = noon() + minutes(1);
    assert_eq!(forget(later, later).await, 0, "something let it is there");
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.grants().delete_ended(grant.grant.expires_at).await.unwrap(), 0);
    let past = grant.grant.expires_at + minutes(1);
    assert_eq!(tx.grants().delete_ended(past).await.unwrap(), 1);
    tx.oauth_clients().touch(CLIENT, noon()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(forget(later, noon()).await, 0, "it was used just now");
    assert_eq!(forget(noon(), later).await, 1);
}

async fn a_code_is_taken_once(db: &TestDb) {
    let user = insert_user(&db.store, "a@example.com", Role::User).await;
    let code = OauthCode {
        user_id: user.id,
        client_id: CLIENT.to_owned(),
        client_name: Name::parse("Desk").unwrap(),
        client_place: "app.example".to_owned(),
        redirect_uri: "https://app.example/cb".to_owned(),
        challenge: [3; 32],
        resource: "https://desk.example/mcp".to_owned(),
        scopes: vec![Scope::TicketsRead],
        expires_at: noon() + minutes(1),
    };
    let tx = db.store.begin().await.unwrap();
    for hash in [[1; 32], [2; 32]] {
        tx.oauth_codes().insert(&hash, &code).await.unwrap();
    }
    tx.commit().await.unwrap();
    let take = async || {
        let (tx, grant) = (db.store.begin().await.unwrap(), GrantId(id()));
        let taken = tx.oauth_codes().take(&[1; 32], grant).await.unwrap();
        tx.commit().await.unwrap();
        taken.map(|code| (grant, code))
    };
    let (a, b) = tokio::join!(take(), take());
    let (grant, taken) = a.xor(b).unwrap();
    assert_eq!(taken, code);
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.oauth_codes().taken_for(&[1; 32]).await.unwrap(), Some(grant));
    assert_eq!(tx.oauth_codes().taken_for(&[2; 32]).await.unwrap(), None);
    assert_eq!(tx.oauth_codes().take(&[9; 32], grant).await.unwrap(), None);
    assert_eq!(tx.oauth_codes().delete_expired(noon() + minutes(1)).await.unwrap(), 0);
    tx.oauth_codes().delete_of(UserId(id())).await.unwrap();
    assert_eq!(tx.oauth_codes().delete_expired(noon() + minutes(2)).await.unwrap(), 2);
    tx.commit().await.unwrap();
}

async fn a_grant_rotates_once_per_generation(db: &TestDb) {
    let grant = grant_of(db, "a@example.com").await;
    let id = grant.grant.id;
    assert_eq!(db.store.grants().find(id).await.unwrap(), Some(grant));
    let rotate = async |generation| {
        let tx = db.store.begin().await.unwrap();
        let (now, end) = (noon() + minutes(1), noon() + minutes(90));
        let done = tx.grants().rotate(id, generation, now, end).await.unwrap();
        tx.commit().await.unwrap();
        done
    };
    let (a, b) = tokio::join!(rotate(0), rotate(0));
    assert!(a ^ b, "one of two racing rotations wins: {a} {b}");
    let now = db.store.grants().find(id).await.unwrap().unwrap();
    assert_eq!((now.generation, now.grant.renewed_at), (1, noon() + minutes(1)));
    assert_eq!(now.grant.expires_at, noon() + minutes(90));
    let tx = db.store.begin().await.unwrap();
    assert!(tx.grants().revoke(id, None, noon()).await.unwrap());
    assert!(!tx.grants().revoke(id, None, noon()).await.unwrap(), "it has ended");
    tx.commit().await.unwrap();
    assert!(!rotate(1).await, "what has ended is not renewed");
}

async fn a_grant_ends_with_its_person(db: &TestDb) {
    let grant = grant_of(db, "a@example.com").await.grant;
    let caller = async |at| db.store.grants().find_caller(grant.id, at).await.unwrap();
    let found = caller(noon()).await.unwrap();
    assert_eq!((found.user_id, found.role), (grant.user_id, Role::Agent));
    let credential = Credential::Grant { id: grant.id, scopes: grant.scopes.clone() };
    assert_eq!(found.credential, credential);
    assert_eq!(caller(grant.expires_at).await, None);

    let tx = db.store.begin().await.unwrap();
    let mut user = tx.users().get_for_update(grant.user_id).await.unwrap();
    user.is_active = false;
    tx.users().update(&user).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(caller(noon()).await, None);

    let tx = db.store.begin().await.unwrap();
    user.is_active = true;
    tx.users().update(&user).await.unwrap();
    tx.grants().revoke_all(user.id, noon()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(caller(noon()).await, None);
}

async fn people_end_what_is_theirs(db: &TestDb) {
    let mine = grant_of(db, "a@example.com").await.grant;
    let other = insert_user(&db.store, "b@example.com", Role::User).await;
    let theirs = new_grant(other.id);
    let mut second = new_grant(mine.user_id);
    second.grant.created_at = noon() + minutes(1);
    let tx = db.store.begin().await.unwrap();
    for grant in [&second, &theirs] {
        tx.grants().insert(grant).await.unwrap();
    }
    tx.commit().await.unwrap();
    let listed = async |user, at| db.store.grants().list(user, at).await.unwrap();
    assert_eq!(listed(mine.user_id, noon()).await, [mine.clone(), second.grant.clone()]);
    assert_eq!(listed(mine.user_id, noon() + TimeDelta::hours(2)).await, []);

    let tx = db.store.begin().await.unwrap();
    assert!(!tx.grants().revoke(theirs.grant.id, Some(mine.user_id), noon()).await.unwrap());
    assert!(tx.grants().revoke(mine.id, Some(mine.user_id), noon()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(listed(mine.user_id, noon()).await, [second.grant]);
    assert_eq!(listed(other.id, noon()).await, [theirs.grant]);
}
