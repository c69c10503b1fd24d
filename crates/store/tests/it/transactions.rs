//! Transactions whose caller goes away.

use std::{future::poll_fn, task::Poll, time::Duration};

use atc_core::{
    Error,
    caller::Visibility,
    id::{TicketNumber, TicketRef},
    user::Role,
};
use atc_store::{Store, StoreError, Tx};
use atc_testkit::{TestDb, on_both_engines};
use sqlx::{Connection, Row};

use crate::fixtures::{insert_ticket, insert_user, ticket};

on_both_engines![
    a_begin_that_nobody_waits_for_leaves_no_transaction,
    a_pool_tells_how_many_of_its_connections_are_used,
];

/// Two transactions lock two tickets in opposite order: one gives way, and whoever asked may try again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_way_in_a_deadlock_may_try_again() {
    let Some(db) = TestDb::postgres().await else { return };
    let requester = insert_user(&db.store, "a@example.com", Role::User).await;
    let one = insert_ticket(&db.store, &ticket(&requester, "One")).await;
    let other = insert_ticket(&db.store, &ticket(&requester, "Other")).await;
    let (first, second) = (db.store.begin().await.unwrap(), db.store.begin().await.unwrap());
    let lock = async |tx: &Tx, number: TicketNumber| {
        tx.tickets().get_for_update(TicketRef::Number(number), Visibility::All).await
    };
    lock(&first, one).await.unwrap();
    lock(&second, other).await.unwrap();
    let ended = async |tx: Tx, number| {
        let locked = lock(&tx, number).await;
        // Whoever waits for this one goes on.
        drop(tx);
        locked
    };
    let locked = tokio::join!(ended(first, other), ended(second, one));
    let failed = match locked {
        (Err(e), Ok(_)) | (Ok(_), Err(e)) => e,
        both => panic!("one of them gives way: {both:?}"),
    };
    assert!(matches!(failed, StoreError::Contended(_)), "{failed:?}");
    let told = Error::from(failed);
    assert_eq!((told.code.status(), told.retry_after_s), (503, Some(1)));
    db.close().await;
}

/// As on a disk that is full: SQLite undoes a whole transaction by itself. What comes after it must be kept
/// when it is committed, and not be a part of what was undone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_transaction_that_sqlite_undid_by_itself_a_commit_is_one() {
    let db = TestDb::sqlite().await;
    let requester = insert_user(&db.store, "a@example.com", Role::User).await;
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON tickets WHEN NEW.title = 'Full' \
         BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END",
    )
    .await;
    for round in 0..3 {
        for _ in 0..=round {
            let tx = db.store.begin().await.unwrap();
            tx.tickets().insert(&ticket(&requester, "Full"), None).await.unwrap_err();
            drop(tx);
        }
        // One that is undone as usual.
        drop(db.store.begin().await.unwrap());
        let kept = insert_ticket(&db.store, &ticket(&requester, "Kept")).await;
        let other = Store::connect(TestDb::config(&db.url)).await.unwrap();
        let found = other.tickets().get(TicketRef::Number(kept), Visibility::All).await;
        assert_eq!(found.unwrap().number, kept, "{round}");
        other.close().await;
    }
    db.close().await;
}

/// How many connections of the database are in a transaction while nobody works.
async fn left_open(db: &TestDb) -> i64 {
    if !db.url.starts_with("postgres") {
        return 0;
    }
    let mut connection = sqlx::PgConnection::connect(&db.url).await.unwrap();
    let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND state LIKE 'idle in transaction%'";
    let open = sqlx::query(text).fetch_one(&mut connection).await.unwrap().get(0);
    connection.close().await.unwrap();
    open
}

async fn a_begin_that_nobody_waits_for_leaves_no_transaction(db: &TestDb) {
    for polls in 1..20 {
        let mut begin = Box::pin(db.store.begin());
        let mut left = polls;
        // Polled so often and no more, it is dropped wherever it is by then.
        poll_fn(|context| {
            left -= 1;
            if begin.as_mut().poll(context).is_ready() || left == 0 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        drop(begin);
        let until_none = async { while left_open(db).await > 0 {} };
        tokio::time::timeout(Duration::from_secs(10), until_none).await.unwrap();
    }
    // On SQLite there is one writer: a transaction left open would keep it from everybody.
    db.store.begin().await.unwrap().commit().await.unwrap();
}

async fn a_pool_tells_how_many_of_its_connections_are_used(db: &TestDb) {
    let writer = || *db.store.pools().last().unwrap();
    let tx = db.store.begin().await.unwrap();
    assert_eq!(writer().used, 1);
    tx.rollback().await.unwrap();
    // The connection is given back beside us.
    while writer().used > 0 {
        tokio::task::yield_now().await;
    }
    assert!(db.store.pools().iter().all(|pool| pool.used + pool.idle <= pool.max));
}
