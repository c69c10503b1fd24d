//! Rows that tests begin with.

use atc_core::{
    category::Slug,
    id::{TicketId, TicketNumber, UserId},
    json::RawJson,
    text::{Description, FullName, Tag, Title},
    ticket::{Priority, Source, Status},
    user::{Email, Role, User},
};
use atc_store::{NewTicketRow, Store};
use atc_testkit::SeededEntropy;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

static ENTROPY: SeededEntropy = SeededEntropy::new();

pub fn id() -> Uuid {
    atc_core::ports::new_uuid(noon(), &ENTROPY)
}

pub fn noon() -> DateTime<Utc> {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

pub fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

pub fn user(email: &str, role: Role) -> User {
    User {
        id: UserId(id()),
        email: Email::parse(email).unwrap(),
        full_name: FullName::parse("Some Person").unwrap(),
        role,
        is_active: true,
        created_at: noon(),
        version: 1,
    }
}

pub async fn insert_user(store: &Store, email: &str, role: Role) -> User {
    let user = user(email, role);
    let tx = store.begin().await.unwrap();
    tx.users().insert(&user, Some("hash".into())).await.unwrap();
    tx.commit().await.unwrap();
    user
}

pub fn ticket(requester: &User, title: &str) -> NewTicketRow {
    NewTicketRow {
        id: TicketId(id()),
        title: Title::parse(title).unwrap(),
        description: Description::parse("").unwrap(),
        status: Status::New,
        priority: Priority::Medium,
        priority_by_person: false,
        category: Slug::parse("general").unwrap(),
        category_by_person: false,
        tags: Vec::new(),
        source: Source::Api,
        requester_id: requester.id,
        assignee_id: None,
        team_id: None,
        metadata: RawJson::empty_object(),
        triage: None,
        external_id: None,
        created_at: noon(),
        updated_at: noon(),
    }
}

pub fn tags(words: &[&str]) -> Vec<Tag> {
    words.iter().map(|w| Tag::parse(*w).unwrap()).collect()
}

pub async fn insert_ticket(store: &Store, new: &NewTicketRow) -> TicketNumber {
    let tx = store.begin().await.unwrap();
    let number = tx.tickets().insert(new, None).await.unwrap();
    tx.commit().await.unwrap();
    number
}
