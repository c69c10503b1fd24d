//! Transactions whose caller goes away.

use std::{future::poll_fn, task::Poll, time::Duration};

use atc_testkit::{TestDb, on_both_engines};
use sqlx::{Connection, Row};

on_both_engines![a_begin_that_nobody_waits_for_leaves_no_transaction];

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
