//! Teams and categories.

use atc_core::{
    category::Slug,
    id::TeamId,
    team::{Strategy, Team},
    text::Name,
    ticket::Priority,
    user::Role,
};
use atc_store::StoreError;
use atc_testkit::{TestDb, on_both_engines};

use crate::fixtures::{id, insert_ticket, insert_user, noon, ticket};

on_both_engines![
    turns_go_round_and_pass_over_the_inactive,
    loads_count_what_is_not_done,
    a_deleted_team_leaves_its_category,
    a_renamed_category_takes_its_tickets_along,
    a_category_in_use_stays,
];

fn slug(s: &str) -> Slug {
    Slug::parse(s).unwrap()
}

async fn insert_team(db: &TestDb, members: &[atc_core::id::UserId]) -> Team {
    let team = Team {
        id: TeamId(id()),
        name: Name::parse("First line").unwrap(),
        member_ids: members.to_vec(),
        strategy: Strategy::RoundRobin,
        created_at: noon(),
        updated_at: noon(),
        version: 1,
    };
    let tx = db.store.begin().await.unwrap();
    tx.teams().insert(&team).await.unwrap();
    tx.commit().await.unwrap();
    team
}

async fn turns_go_round_and_pass_over_the_inactive(db: &TestDb) {
    let mut people = Vec::new();
    for n in 0..3 {
        people.push(insert_user(&db.store, &format!("p{n}@x.y"), Role::Agent).await.id);
    }
    let team = insert_team(db, &people).await;
    assert_eq!(db.store.teams().get(team.id).await.unwrap(), team);
    let turn = async |active: &[_]| {
        let tx = db.store.begin().await.unwrap();
        let taken = tx.teams().take_turn(team.id, active).await.unwrap();
        tx.commit().await.unwrap();
        taken
    };
    assert_eq!(turn(&people).await, Some(people[0]));
    assert_eq!(turn(&people).await, Some(people[1]));
    assert_eq!(turn(&people[..2]).await, Some(people[0]));
    assert_eq!(turn(&people).await, Some(people[1]));
    assert_eq!(turn(&people).await, Some(people[2]));
    assert_eq!(turn(&[]).await, None);
    assert_eq!(turn(&people).await, Some(people[0]));
}

async fn loads_count_what_is_not_done(db: &TestDb) {
    let agent = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let idle = insert_user(&db.store, "b@x.y", Role::Agent).await;
    for status in atc_core::ticket::Status::ALL {
        let new =
            atc_store::NewTicketRow { assignee_id: Some(agent.id), status, ..ticket(&agent, "t") };
        insert_ticket(&db.store, &new).await;
    }
    let tx = db.store.begin().await.unwrap();
    let loads = tx.teams().loads(&[agent.id, idle.id]).await.unwrap();
    assert_eq!(loads, [(agent.id, 4)]);
}

async fn a_deleted_team_leaves_its_category(db: &TestDb) {
    let team = insert_team(db, &[]).await;
    let tx = db.store.begin().await.unwrap();
    let mut bug = tx.categories().get(&slug("bug")).await.unwrap();
    bug.team_id = Some(team.id);
    bug.default_priority = Some(Priority::High);
    tx.categories().update(&slug("bug"), &bug).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.categories().get(&slug("bug")).await.unwrap(), bug);
    let tx = db.store.begin().await.unwrap();
    assert!(tx.teams().delete(team.id).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(db.store.categories().get(&slug("bug")).await.unwrap().team_id, None);
}

async fn a_renamed_category_takes_its_tickets_along(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let number = insert_ticket(&db.store, &ticket(&person, "t")).await;
    let tx = db.store.begin().await.unwrap();
    let mut general = tx.categories().get(&slug("general")).await.unwrap();
    general.slug = slug("other");
    tx.categories().update(&slug("general"), &general).await.unwrap();
    let ticket = tx.tickets().reload(number, atc_core::caller::Visibility::All).await.unwrap();
    assert_eq!(ticket.category, slug("other"));
}

async fn a_category_in_use_stays(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    insert_ticket(&db.store, &ticket(&person, "t")).await;
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.categories().count_tickets(&slug("general")).await.unwrap(), 1);
    let error = tx.categories().delete(&slug("general")).await.unwrap_err();
    assert!(matches!(error, StoreError::Reference(_)), "{error:?}");
    drop(tx);
    let tx = db.store.begin().await.unwrap();
    tx.categories().delete(&slug("bug")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.categories().count().await.unwrap(), 8);
}
