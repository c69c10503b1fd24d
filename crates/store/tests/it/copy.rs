//! An installation goes from one database to another, in every direction.

use std::sync::Mutex;

use atc_core::user::Role;
use atc_store::{Copy, CopyError, Engine, Phase, Store, Watch};
use atc_testkit::{TestDb, on_both_engines};
use sqlx::Row;

use crate::fixtures::{insert_ticket, insert_user, tags, ticket};

on_both_engines![
    to_sqlite_and_to_postgres,
    a_copy_that_was_stopped_goes_on,
    only_a_new_database_is_a_target,
    a_row_that_differs_is_found,
    every_table_of_the_schema_is_copied_or_named,
];

/// Remembers which phases and tables it saw.
#[derive(Default)]
struct Seen(Mutex<Vec<(String, u64)>>);

impl Watch for Seen {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, table: &str, rows: u64) {
        self.0.lock().unwrap().push((table.to_owned(), rows));
    }
}

async fn fill(store: &Store, tickets: usize) {
    let ann = insert_user(store, "ann@example.com", Role::User).await;
    for n in 0..tickets {
        let mut new = ticket(&ann, &format!("printer {n} 😀"));
        new.tags = tags(&["a", "Ä"]);
        insert_ticket(store, &new).await;
    }
    let gone = insert_ticket(store, &ticket(&ann, "gone")).await;
    let tx = store.begin().await.unwrap();
    tx.tickets().delete(gone).await.unwrap();
    tx.settings().set("x", "y").await.unwrap();
    tx.commit().await.unwrap();
}

async fn targets() -> Vec<TestDb> {
    let mut targets = vec![TestDb::sqlite().await];
    targets.extend(TestDb::postgres().await);
    targets
}

async fn to_sqlite_and_to_postgres(db: &TestDb) {
    fill(&db.store, 70).await;
    for target in Box::pin(targets()).await {
        let copy = Copy::prepare(&db.store, &target.store).await.unwrap();
        assert!(!copy.resumes());
        copy.run(&Seen::default()).await.unwrap();
        let reports = copy.verify(&Seen::default()).await.unwrap();
        for report in &reports {
            assert!(report.is_same(), "{report:?}");
        }
        let rows = |table| reports.iter().find(|r| r.table == table).unwrap().target_rows;
        assert_eq!((rows("tickets"), rows("ticket_tags"), rows("categories")), (70, 140, 9));
        // The number of the deleted ticket is not given again.
        let ann = insert_user(&target.store, "bob@example.com", Role::User).await;
        assert_eq!(insert_ticket(&target.store, &ticket(&ann, "next")).await.0, 72);
        // Search has every ticket, the copied and the new.
        let count = count(&target, "SELECT count(*) FROM ticket_search").await;
        assert_eq!(count, 71);
        target.close().await;
    }
}

async fn count(db: &TestDb, sql: &'static str) -> i64 {
    match db.engine() {
        Engine::Sqlite => {
            let pool = sqlx::SqlitePool::connect(&db.url).await.unwrap();
            sqlx::query(sql).fetch_one(&pool).await.unwrap().get(0)
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(&db.url).await.unwrap();
            sqlx::query(sql).fetch_one(&pool).await.unwrap().get(0)
        }
    }
}

/// Stops the world at a table, as a kill would.
struct StopAt(&'static str, tokio::sync::Notify);

impl Watch for StopAt {
    fn begin(&self, _: Phase, _: u64) {}
    fn advance(&self, table: &str, rows: u64) {
        if table == self.0 && rows > 0 {
            self.1.notify_one();
        }
    }
}

async fn a_copy_that_was_stopped_goes_on(db: &TestDb) {
    fill(&db.store, 200).await;
    for stop in ["tickets", "ticket_search"] {
        for target in Box::pin(targets()).await {
            let copy = Copy::prepare(&db.store, &target.store).await.unwrap();
            let watch = StopAt(stop, tokio::sync::Notify::new());
            tokio::select! {
                biased;
                () = watch.1.notified() => {}
                done = copy.run(&watch) => panic!("it was not stopped: {done:?}"),
            }
            let again = Copy::prepare(&db.store, &target.store).await.unwrap();
            assert!(again.resumes());
            let seen = Seen::default();
            again.run(&seen).await.unwrap();
            {
                let seen = seen.0.lock().unwrap();
                let first = seen.iter().find(|(table, _)| table == stop).unwrap();
                assert!(first.1 > 0 && first.1 < 200, "{first:?}");
            }
            let reports = again.verify(&Seen::default()).await.unwrap();
            assert!(reports.iter().all(atc_store::TableReport::is_same), "{reports:?}");
            target.close().await;
        }
    }
}

async fn only_a_new_database_is_a_target(db: &TestDb) {
    let source = TestDb::sqlite().await;
    fill(&source.store, 1).await;
    insert_user(&db.store, "mine@example.com", Role::User).await;
    let refused = Copy::prepare(&source.store, &db.store).await.err().unwrap();
    assert!(matches!(&refused, CopyError::Filled(table) if table == "users"), "{refused}");
    let same = Copy::prepare(&db.store, &db.store).await.err().unwrap();
    assert!(matches!(same, CopyError::Same), "{same}");
    source.store.migrate_down(1).await.unwrap();
    let old = Copy::prepare(&source.store, &db.store).await.err().unwrap();
    assert!(old.to_string().contains("schema of the source"), "{old}");
    source.close().await;
}

async fn a_row_that_differs_is_found(db: &TestDb) {
    let source = TestDb::sqlite().await;
    fill(&source.store, 3).await;
    let copy = Copy::prepare(&source.store, &db.store).await.unwrap();
    copy.run(&Seen::default()).await.unwrap();
    db.execute("UPDATE tickets SET title = 'forged' WHERE number = 2").await;
    let reports = copy.verify(&Seen::default()).await.unwrap();
    let different: Vec<_> = reports.iter().filter(|r| !r.is_same()).collect();
    assert_eq!(different.len(), 1, "{different:?}");
    assert_eq!(different[0].table, "tickets");
    source.close().await;
}

async fn every_table_of_the_schema_is_copied_or_named(db: &TestDb) {
    let source = TestDb::sqlite().await;
    let copy = Copy::prepare(&source.store, &db.store).await.unwrap();
    let mut copied: Vec<String> = copy.tables().map(str::to_owned).collect();
    copied.extend(
        ["ticket_search", "ticket_terms", "article_search", "article_terms", "seaql_migrations"]
            .map(str::to_owned),
    );
    copied.push("copy_progress".to_owned());
    if db.engine() == Engine::Sqlite {
        copied.push("change_mark".to_owned());
    }
    copied.sort();
    assert_eq!(tables(db).await, copied);
    source.close().await;
}

async fn tables(db: &TestDb) -> Vec<String> {
    match db.engine() {
        Engine::Sqlite => {
            let pool = sqlx::SqlitePool::connect(&db.url).await.unwrap();
            let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' \
                       AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite%' ORDER BY name";
            sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap()
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(&db.url).await.unwrap();
            let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' \
                       ORDER BY tablename COLLATE \"C\"";
            sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap()
        }
    }
}
