//! What the tests share: databases of their own on both engines, a clock and a randomness that they
//! hold in their hand.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "a test helper fails by panicking, reads the test's environment, and makes its own ids"
)]
#![cfg_attr(feature = "app", expect(clippy::panic, reason = "as above"))]

#[cfg(feature = "app")]
mod app;
#[cfg(feature = "bucket")]
mod bucket_server;
#[cfg(feature = "app")]
mod client;
mod database;
mod machine;
mod postgres_pair;
mod redis_server;
#[cfg(feature = "app")]
mod scripted_model;
mod small_disk;
#[cfg(feature = "app")]
mod text_reader;
mod wire;
mod world;

#[cfg(feature = "app")]
pub use app::{PASSWORD, SEALING_KEY, TestApp, listen};
#[cfg(feature = "bucket")]
pub use bucket_server::{ACCESS_KEY, BUCKET, BucketServer};
#[cfg(feature = "app")]
pub use client::{Answer, Call};
pub use database::{Held, TestDb};
pub use machine::{data_dir, found, models_dir};
pub use postgres_pair::PostgresPair;
pub use redis_server::RedisServer;
#[cfg(feature = "app")]
pub use scripted_model::{ScriptedModel, TestAiSource, ai_settings, answer, calls};
pub use small_disk::SmallDisk;
#[cfg(feature = "app")]
pub use text_reader::TextReader;
pub use wire::Wire;
pub use world::{ManualClock, SeededEntropy};

/// Writes each of the named `async fn(&TestDb)` as one test on SQLite and one on PostgreSQL.
///
/// The PostgreSQL leg needs a server in `TEST_DATABASE_URL`; without one it says so and is skipped,
/// unless `TEST_SERVICES=required`.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let db = $crate::TestDb::sqlite().await;
                super::$name(&db).await;
                db.close().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(db) = $crate::TestDb::postgres().await else { return };
                super::$name(&db).await;
                db.close().await;
            })*
        }
    };
}
