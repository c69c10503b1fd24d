//! The event log: order across transactions, visibility, forgetting.

use std::collections::HashSet;

use atc_core::{
    event::{Audience, EventId, EventKind, NewEvent, Subject, Topic, Viewer},
    id::{TicketId, UserId},
};
use atc_store::{Engine, EventFilter, Store, Tx};
use atc_testkit::{TestDb, on_both_engines};

use crate::fixtures::{id, minutes, noon};

on_both_engines![
    events_come_in_order_and_after_a_position,
    an_undone_transaction_leaves_no_event,
    a_late_commit_is_never_skipped,
    writers_at_once_lose_and_repeat_nothing,
    a_viewer_reads_what_is_theirs,
    the_head_is_after_all_and_before_the_next,
    old_events_are_forgotten,
];

fn event(subject: TicketId, audience: Audience) -> NewEvent {
    let kind = EventKind::TicketUpdated;
    NewEvent { kind, subject: Subject::Ticket(subject), audience, at: noon() }
}

async fn append(tx: &Tx) -> TicketId {
    let ticket = TicketId(id());
    tx.events().append(event(ticket, Audience::STAFF)).await.unwrap();
    ticket
}

async fn write(store: &Store) -> TicketId {
    let tx = store.begin().await.unwrap();
    let ticket = append(&tx).await;
    tx.commit().await.unwrap();
    ticket
}

/// Reads on from a position until nothing more is there, moving it.
async fn read(store: &Store, position: &mut EventId) -> Vec<TicketId> {
    let mut found = Vec::new();
    loop {
        let page = store.events().after(*position, &EventFilter::EVERYTHING, 3).await.unwrap();
        let Some(last) = page.last() else { return found };
        assert!(page.is_sorted_by(|a, b| a.id < b.id) && page[0].id > *position);
        *position = last.id;
        found.extend(page.iter().filter_map(|e| match e.subject {
            Subject::Ticket(id) => Some(id),
            _ => None,
        }));
    }
}

/// Reads until so many were found: other tests' transactions may hold them back for a moment.
async fn read_all(store: &Store, position: &mut EventId, count: usize) -> Vec<TicketId> {
    let mut found = Vec::new();
    while found.len() < count {
        found.extend(read(store, position).await);
        tokio::task::yield_now().await;
    }
    found
}

async fn events_come_in_order_and_after_a_position(db: &TestDb) {
    let mut written = Vec::new();
    for _ in 0..10 {
        written.push(write(&db.store).await);
    }
    let mut position = EventId::START;
    assert_eq!(read_all(&db.store, &mut position, 10).await, written);
    let next = write(&db.store).await;
    assert_eq!(read_all(&db.store, &mut position, 1).await, [next]);
}

async fn an_undone_transaction_leaves_no_event(db: &TestDb) {
    let tx = db.store.begin().await.unwrap();
    append(&tx).await;
    tx.rollback().await.unwrap();
    let kept = write(&db.store).await;
    assert_eq!(read_all(&db.store, &mut EventId::START.clone(), 1).await, [kept]);
}

async fn a_late_commit_is_never_skipped(db: &TestDb) {
    if db.engine() == Engine::Sqlite {
        // One writer: the second transaction would wait for the first.
        return;
    }
    let slow = db.store.begin().await.unwrap();
    let first = append(&slow).await;
    let second = write(&db.store).await;
    let mut position = EventId::START;
    assert_eq!(read(&db.store, &mut position).await, [], "the second waits for the first");
    slow.commit().await.unwrap();
    assert_eq!(read_all(&db.store, &mut position, 2).await, [first, second]);
}

async fn writers_at_once_lose_and_repeat_nothing(db: &TestDb) {
    const WRITERS: usize = 4;
    const EACH: usize = 25;
    let writers = (0..WRITERS).map(|n| {
        let store = db.store.clone();
        async move {
            for round in 0..EACH {
                let tx = store.begin().await.unwrap();
                append(&tx).await;
                for _ in 0..(n + round) % 5 {
                    tokio::task::yield_now().await;
                }
                append(&tx).await;
                tx.commit().await.unwrap();
            }
        }
    });
    let total = WRITERS * EACH * 2;
    let reader = async {
        let mut position = EventId::START;
        read_all(&db.store, &mut position, total).await
    };
    let mut writers: Vec<_> = writers.map(Box::pin).collect();
    let all = async {
        let (a, b) = writers.split_at_mut(2);
        let [a, c] = a else { return };
        let [b, d] = b else { return };
        tokio::join!(a, b, c, d);
    };
    let ((), found) = tokio::join!(all, reader);
    assert_eq!(found.len(), total);
    assert_eq!(found.iter().collect::<HashSet<_>>().len(), total);
    assert_eq!(read_all(&db.store, &mut EventId::START.clone(), total).await, found);
}

async fn a_viewer_reads_what_is_theirs(db: &TestDb) {
    let (me, you) = (UserId(id()), UserId(id()));
    let audiences = [
        Audience::ticket(me),
        Audience::ticket(you),
        Audience::STAFF,
        Audience::person(me),
        Audience::file(you),
    ];
    let tx = db.store.begin().await.unwrap();
    for audience in audiences {
        tx.events().append(event(TicketId(id()), audience)).await.unwrap();
    }
    let kind = EventKind::AccessChanged;
    let (subject, audience) = (Subject::Access(me), Audience::person(me));
    tx.events().append(NewEvent { kind, subject, audience, at: noon() }).await.unwrap();
    tx.commit().await.unwrap();
    let read = async |filter: EventFilter| {
        let events = db.store.events().after(EventId::START, &filter, 100).await.unwrap();
        events.iter().map(|e| e.audience).collect::<Vec<_>>()
    };
    while read(EventFilter::EVERYTHING).await.len() < 6 {
        tokio::task::yield_now().await;
    }
    for (user, staff) in [(me, false), (me, true), (you, false), (you, true)] {
        let viewer = Viewer { user, staff };
        let topics = Some(vec![Topic::Tickets]);
        let seen = read(EventFilter { viewer: Some(viewer), topics }).await;
        let wanted: Vec<_> = audiences.into_iter().filter(|a| a.includes(viewer)).collect();
        assert_eq!(seen, wanted, "{viewer:?}");
    }
    let files = EventFilter { viewer: None, topics: Some(vec![Topic::Files]) };
    assert_eq!(read(files).await, []);
}

async fn the_head_is_after_all_and_before_the_next(db: &TestDb) {
    let mut position = EventId::START;
    write(&db.store).await;
    read_all(&db.store, &mut position, 1).await;
    let mut head = db.store.events().head().await.unwrap();
    assert!(head >= position);
    let next = write(&db.store).await;
    assert_eq!(read_all(&db.store, &mut head, 1).await, [next]);
}

async fn old_events_are_forgotten(db: &TestDb) {
    write(&db.store).await;
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.events().delete_before(noon()).await.unwrap(), 0);
    assert_eq!(tx.events().delete_before(noon() + minutes(1)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let head = db.store.events().head().await.unwrap();
    write(&db.store).await;
    let mut after = head;
    assert_eq!(read_all(&db.store, &mut after, 1).await.len(), 1, "positions are not reused");
}
