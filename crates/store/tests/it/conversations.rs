//! Conversations: whose they are, one turn at a time, and what goes with what.

use atc_core::{
    conversation::{
        ActionDraft, ActionState, AgentAction, Author, Citation, CitationKind, Speaker,
    },
    id::{AgentActionId, ConversationId, MessageId, TicketNumber},
    page::{Limit, PageRequest},
    ticket::Priority,
    user::{Role, User},
};
use atc_store::{NewAction, NewConversation, NewMessage, Owner, Store, StoreError, TurnStart};
use atc_testkit::{TestDb, on_both_engines};
use chrono::{DateTime, Utc};

use crate::fixtures::{id, insert_ticket, insert_user, minutes, noon, ticket};

on_both_engines![
    a_conversation_is_its_owners_alone,
    what_was_said_as_staff_is_for_staff,
    a_list_turns_by_cursor,
    one_turn_at_a_time,
    a_lost_turn_is_taken_up_once,
    what_was_said_and_done_reads_back,
    an_action_is_decided_once,
    what_quotes_a_ticket_goes_with_it,
    the_least_used_make_room_and_the_unused_are_forgotten,
];

fn start(now: DateTime<Utc>) -> TurnStart<'static> {
    TurnStart { ticket: None, as_staff: false, key: None, until: now + minutes(1), now }
}

fn owner(user: &User) -> Owner {
    Owner { id: user.id, staff: user.role.is_staff() }
}

async fn begin(store: &Store, user: &User, at: DateTime<Utc>) -> ConversationId {
    let id = ConversationId(id());
    let tx = store.begin().await.unwrap();
    let new = NewConversation { id, owner: user.id, title: "Hello" };
    tx.conversations().insert(&new, at).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn proposed() -> AgentAction {
    AgentAction {
        id: AgentActionId(id()),
        state: ActionState::Proposed,
        draft: ActionDraft::CreateTicket {
            title: "T".to_owned(),
            description: "D".to_owned(),
            category: "general".to_owned(),
            priority: Priority::Low,
        },
        ticket: None,
        detail: None,
        created_at: noon(),
        settled_at: None,
    }
}

async fn add_action(
    store: &Store,
    to: ConversationId,
    action: &AgentAction,
    ticket: Option<TicketNumber>,
) {
    let tx = store.begin().await.unwrap();
    let new = NewAction { action, ticket, turn: 1, place: 0, provider: "local", model: "m" };
    tx.conversations().insert_action(to, &new).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_conversation_is_its_owners_alone(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let admin = insert_user(store, "admin@example.com", Role::Admin).await;
    let mine = begin(store, &me, noon()).await;
    assert_eq!(store.conversations().get(owner(&me), mine).await.unwrap().title, "Hello");
    let other = store.conversations().get(owner(&admin), mine).await;
    assert!(matches!(other, Err(StoreError::NotFound(_))), "{other:?}");
    let page = store.conversations().list(owner(&admin), PageRequest::default()).await.unwrap();
    assert!(page.items.is_empty());
}

async fn what_was_said_as_staff_is_for_staff(db: &TestDb) {
    let store = &db.store;
    let agent = insert_user(store, "agent@example.com", Role::Agent).await;
    let talk = begin(store, &agent, noon()).await;
    let tx = store.begin().await.unwrap();
    let as_staff = TurnStart { as_staff: true, ..start(noon()) };
    assert_eq!(tx.conversations().start_turn(talk, &as_staff).await.unwrap(), Some(1));
    tx.commit().await.unwrap();
    store.conversations().get(owner(&agent), talk).await.unwrap();
    let demoted = Owner { id: agent.id, staff: false };
    store.conversations().get(demoted, talk).await.unwrap_err();
    let page = store.conversations().list(demoted, PageRequest::default()).await.unwrap();
    assert!(page.items.is_empty());
}

async fn a_list_turns_by_cursor(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let mut all = Vec::new();
    for n in 0..5 {
        // Two begin at the same moment.
        all.push(begin(store, &me, noon() + minutes(n / 2)).await);
    }
    let limit = Limit::new(2).unwrap();
    let mut page = PageRequest { limit, after: None, include_total: true };
    let mut seen = Vec::new();
    loop {
        let found = store.conversations().list(owner(&me), page).await.unwrap();
        assert_eq!(found.total, Some(5));
        seen.extend(found.items.iter().map(|c| c.id));
        let Some(next) = found.next else { break };
        page = PageRequest { limit, after: Some(next), include_total: true };
    }
    let times: Vec<_> =
        seen.iter().map(|id| all.iter().position(|a| a == id).unwrap() / 2).collect();
    assert_eq!(times, [2, 1, 1, 0, 0]);
}

async fn one_turn_at_a_time(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let talk = begin(store, &me, noon()).await;
    let try_start = async |now| {
        let tx = store.begin().await.unwrap();
        let turn = tx.conversations().start_turn(talk, &start(now)).await.unwrap();
        tx.commit().await.unwrap();
        turn
    };
    assert_eq!(try_start(noon()).await, Some(1));
    assert_eq!(try_start(noon()).await, None, "another turn is under way");
    assert_eq!(store.conversations().turns_under_way(me.id, noon()).await.unwrap(), 1);
    let tx = store.begin().await.unwrap();
    assert!(tx.conversations().end_turn(talk, 1, noon()).await.unwrap());
    assert!(!tx.conversations().end_turn(talk, 1, noon()).await.unwrap(), "it was ended");
    tx.commit().await.unwrap();
    assert_eq!(try_start(noon()).await, Some(2));
    let tx = store.begin().await.unwrap();
    tx.conversations().give_up_turn(talk, 2, noon()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(try_start(noon()).await, Some(3));
    assert_eq!(try_start(noon() + minutes(2)).await, Some(4), "its time is over");
    let tx = store.begin().await.unwrap();
    assert!(!tx.conversations().end_turn(talk, 3, noon()).await.unwrap(), "a later one started");
}

async fn a_lost_turn_is_taken_up_once(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let talk = begin(store, &me, noon()).await;
    let keyed = |now| TurnStart { key: Some("k"), ..start(now) };
    let tx = store.begin().await.unwrap();
    tx.conversations().start_turn(talk, &keyed(noon())).await.unwrap();
    tx.commit().await.unwrap();
    let open = store.conversations().open_turn(me.id, "k").await.unwrap().unwrap();
    assert_eq!((open.conversation, open.turn), (talk, 1));
    assert_eq!(store.conversations().open_turn(me.id, "other").await.unwrap(), None);
    let take_up = async |now| {
        let tx = store.begin().await.unwrap();
        let taken = tx.conversations().take_up_turn(&open, &keyed(now)).await.unwrap();
        tx.commit().await.unwrap();
        taken
    };
    assert!(!take_up(noon()).await, "it is under way");
    assert!(take_up(noon() + minutes(2)).await);
    assert!(!take_up(noon() + minutes(2)).await, "another process was faster");
    // The same key cannot begin a second conversation meanwhile.
    let other = begin(store, &me, noon()).await;
    let tx = store.begin().await.unwrap();
    tx.conversations().start_turn(other, &keyed(noon())).await.unwrap_err();
    tx.rollback().await.unwrap();
    let tx = store.begin().await.unwrap();
    assert!(tx.conversations().end_turn(talk, 1, noon()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.conversations().open_turn(me.id, "k").await.unwrap(), None);
}

async fn what_was_said_and_done_reads_back(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let talk = begin(store, &me, noon()).await;
    let number = insert_ticket(store, &ticket(&me, "Made")).await;
    let citation = Citation {
        mark: "S1".to_owned(),
        kind: CitationKind::Ticket,
        id: id(),
        number: Some(number),
        title: "Made".to_owned(),
        page: Some(2),
        start: Some(1.5),
        snippet: None,
    };
    let author = Author { provider: "p".to_owned(), model: "m".to_owned(), degraded: true };
    let asked = NewMessage {
        id: MessageId(id()),
        turn: 1,
        speaker: Speaker::Person,
        text: "Hi",
        citations: &[],
        asks: None,
        author: None,
        created_at: noon(),
    };
    let citations = [citation.clone()];
    let answered = NewMessage {
        id: MessageId(id()),
        speaker: Speaker::Assistant,
        text: "Done [S1]",
        citations: &citations,
        author: Some(&author),
        ..asked.clone()
    };
    let tx = store.begin().await.unwrap();
    // In whatever order they are written.
    tx.conversations().insert_message(talk, &answered).await.unwrap();
    tx.conversations().insert_message(talk, &asked).await.unwrap();
    tx.commit().await.unwrap();
    let done = AgentAction { state: ActionState::Done, settled_at: Some(noon()), ..proposed() };
    add_action(store, talk, &done, Some(number)).await;
    let messages = store.conversations().messages(talk).await.unwrap();
    let texts: Vec<_> = messages.iter().map(|m| (m.speaker, m.text.as_str())).collect();
    assert_eq!(texts, [(Speaker::Person, "Hi"), (Speaker::Assistant, "Done [S1]")]);
    assert_eq!(messages[1].citations, [citation]);
    assert_eq!(messages[1].author, Some(author));
    assert_eq!(messages[1].actions[0].draft, done.draft);
    assert_eq!(messages[1].actions[0].ticket.as_ref().unwrap().number, number);
    assert_eq!(store.conversations().made_tickets(talk).await.unwrap(), [number]);
}

async fn an_action_is_decided_once(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let talk = begin(store, &me, noon()).await;
    let action = proposed();
    add_action(store, talk, &action, None).await;
    let moved = async |to| {
        let tx = store.begin().await.unwrap();
        let from = ActionState::Proposed;
        let moved = tx
            .conversations()
            .move_action(action.id, from, to, None, Some("why"), noon())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        moved
    };
    assert!(moved(ActionState::Rejected).await);
    assert!(!moved(ActionState::Done).await);
    let stored = store.conversations().action(talk, action.id).await.unwrap();
    assert_eq!(stored.action.state, ActionState::Rejected);
    assert_eq!(stored.action.detail.as_deref(), Some("why"));
    let other = begin(store, &me, noon()).await;
    store.conversations().action(other, action.id).await.unwrap_err();
}

async fn what_quotes_a_ticket_goes_with_it(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let number = insert_ticket(store, &ticket(&me, "Gone soon")).await;
    let about = begin(store, &me, noon()).await;
    let other = begin(store, &me, noon()).await;
    let tx = store.begin().await.unwrap();
    let start = TurnStart { ticket: Some(number), ..start(noon()) };
    tx.conversations().start_turn(about, &start).await.unwrap();
    tx.commit().await.unwrap();
    add_action(store, other, &proposed(), Some(number)).await;
    let named = store.conversations().get(owner(&me), about).await.unwrap().ticket.unwrap();
    assert_eq!((named.number, named.title.as_str()), (number, "Gone soon"));
    let tx = store.begin().await.unwrap();
    tx.tickets().delete(number).await.unwrap();
    tx.commit().await.unwrap();
    store.conversations().get(owner(&me), about).await.unwrap_err();
    store.conversations().get(owner(&me), other).await.unwrap();
    assert!(store.conversations().actions(other).await.unwrap().is_empty());
}

async fn the_least_used_make_room_and_the_unused_are_forgotten(db: &TestDb) {
    let store = &db.store;
    let me = insert_user(store, "me@example.com", Role::User).await;
    let mut all = Vec::new();
    for n in 0..4 {
        all.push(begin(store, &me, noon() + minutes(n)).await);
    }
    let tx = store.begin().await.unwrap();
    // The oldest one is used again.
    tx.conversations().start_turn(all[0], &start(noon() + minutes(9))).await.unwrap();
    assert_eq!(tx.conversations().keep_latest(me.id, 2).await.unwrap(), 2);
    tx.commit().await.unwrap();
    let left = store.conversations().list(owner(&me), PageRequest::default()).await.unwrap();
    let left: Vec<_> = left.items.iter().map(|c| c.id).collect();
    assert_eq!(left, [all[3], all[0]]);
    let tx = store.begin().await.unwrap();
    assert_eq!(tx.conversations().delete_unused(noon() + minutes(5)).await.unwrap(), 1);
    assert!(tx.conversations().delete(all[0]).await.unwrap());
    assert!(!tx.conversations().delete(all[0]).await.unwrap());
    tx.commit().await.unwrap();
}
