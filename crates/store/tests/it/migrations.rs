//! The schema goes up and down, whole and step by step.

use atc_store::Store;
use atc_testkit::{TestDb, on_both_engines};

on_both_engines![every_step_goes_down_and_up_again, two_processes_migrate_at_once];

async fn every_step_goes_down_and_up_again(db: &TestDb) {
    let store = &db.store;
    let states = store.migration_states().await.unwrap();
    assert!(states.iter().all(|m| m.applied), "{states:?}");
    for left in (0..states.len()).rev() {
        store.migrate_down(1).await.unwrap();
        let applied = store.migration_states().await.unwrap();
        assert_eq!(applied.iter().filter(|m| m.applied).count(), left);
    }
    for applied in 1..=states.len() {
        store.migrate_up(Some(1)).await.unwrap();
        let now = store.migration_states().await.unwrap();
        assert_eq!(now.iter().filter(|m| m.applied).count(), applied);
    }
    assert_eq!(store.categories().count().await.unwrap(), 9);
}

async fn two_processes_migrate_at_once(db: &TestDb) {
    let count = u32::try_from(db.store.migration_states().await.unwrap().len()).unwrap();
    db.store.migrate_down(count).await.unwrap();
    let other = Store::connect(TestDb::config(&db.url)).await.unwrap();
    let (a, b) = tokio::join!(db.store.migrate_up(None), other.migrate_up(None));
    a.unwrap();
    b.unwrap();
    assert_eq!(other.categories().count().await.unwrap(), 9);
    other.close().await;
}
