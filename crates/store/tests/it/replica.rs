//! Reads at a server that follows the database.

use std::time::{Duration, Instant};

use atc_core::{
    caller::Visibility,
    page::PageRequest,
    ticket::{TicketFilter, TicketSort},
    user::{Role, User},
};
use atc_store::{Config, Store};
use atc_testkit::{PostgresPair, TestDb};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use crate::fixtures::{insert_ticket, insert_user, ticket};

/// Far more than a read takes, and less than any time-out of a statement or a connection.
const SOON: Duration = Duration::from_secs(3);

async fn open(pair: &PostgresPair, replica: String) -> Store {
    let config = TestDb::config(&pair.primary_url());
    let store = Store::connect(Config { replica_url: Some(replica), ..config }).await.unwrap();
    store.migrate_up(None).await.unwrap();
    store
}

/// How many tickets there are, by a read that may go to the replica.
async fn count(store: &Store) -> usize {
    let page = PageRequest { include_total: true, ..PageRequest::default() };
    let sort = TicketSort::Number { descending: true };
    let started = Instant::now();
    let read = store.read(async |store| {
        store.tickets().list(&TicketFilter::default(), sort, Visibility::All, page).await
    });
    let total = read.await.unwrap().total.unwrap();
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    usize::try_from(total).unwrap()
}

/// Writes and reads at once, several times: what was written is there.
async fn reads_its_writes(store: &Store, who: &User, times: usize) {
    for _ in 0..times {
        let before = count(store).await;
        insert_ticket(store, &ticket(who, "Is it there?")).await;
        assert_eq!(count(store).await, before + 1);
    }
}

async fn until_it_serves(store: &Store) {
    let serves = async {
        while store.replica_state().await != Some(Ok(())) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), serves).await.unwrap();
}

async fn trouble(store: &Store) -> String {
    store.replica_state().await.unwrap().unwrap_err()
}

async fn execute(url: &str, sql: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_serves_reads_that_lack_nothing() {
    let Some(pair) = PostgresPair::start() else { return };
    let store = open(&pair, pair.replica_url()).await;
    let who = insert_user(&store, "a@example.com", Role::User).await;
    until_it_serves(&store).await;

    reads_its_writes(&store, &who, 50).await;
    let text = "FROM \"tickets\" AS \"t\"";
    let asked = pair.asked_of_replica(text);
    // Each is a page and its total; under load some of them may find it behind.
    assert!(asked > 50, "{asked} of 200 went to the replica");

    // It lags: nothing of what was just written is missing.
    execute(&pair.replica_url(), "SELECT pg_wal_replay_pause()").await;
    reads_its_writes(&store, &who, 5).await;
    assert_eq!(trouble(&store).await, "lags behind");
    execute(&pair.replica_url(), "SELECT pg_wal_replay_resume()").await;
    until_it_serves(&store).await;

    // It hangs, also under those who come together.
    pair.signal_replica("-STOP");
    let mut together = JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        together.spawn(async move { count(&store).await });
    }
    let counts = together.join_all().await;
    assert!(counts.iter().all(|n| *n == counts[0]), "{counts:?}");
    reads_its_writes(&store, &who, 5).await;
    assert_eq!(trouble(&store).await, "does not answer");
    pair.signal_replica("-CONT");
    until_it_serves(&store).await;

    // It dies.
    pair.stop_replica();
    reads_its_writes(&store, &who, 5).await;
    assert_eq!(trouble(&store).await, "does not answer");
    pair.start_replica();
    until_it_serves(&store).await;
    let asked = pair.asked_of_replica(text);
    // While it catches up, the primary answers.
    let asks_it_again = async {
        while pair.asked_of_replica(text) == asked {
            reads_its_writes(&store, &who, 1).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asks_it_again).await.unwrap();

    // It goes its own way.
    pair.promote_replica();
    reads_its_writes(&store, &who, 5).await;
    assert!(trouble(&store).await.starts_with("follows another database"));
    store.close().await;

    let itself = open(&pair, pair.primary_url()).await;
    reads_its_writes(&itself, &who, 2).await;
    let why = itself.replica_state().await.unwrap().unwrap_err();
    assert!(why.starts_with("follows another database"), "{why}");
    itself.close().await;
}
