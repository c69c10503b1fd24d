//! Jobs that behave in all the ways that jobs do.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use atc_app::{Job, Registry, Run};
use atc_core::job::Failure;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Does nothing, well.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Quick {}

impl Job for Quick {
    const KIND: &'static str = "test.quick.v1";

    async fn run(self, run: &Run) -> Result<(), Failure> {
        run.progress(100, "all of nothing").await
    }
}

/// Fails in the way that it is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Failing {
    ForNow,
    ForGood,
    Panicking,
}

impl Job for Failing {
    const KIND: &'static str = "test.failing.v1";

    async fn run(self, _: &Run) -> Result<(), Failure> {
        match self {
            Self::ForNow => Err(Failure::retry("not yet")),
            Self::ForGood => Err(Failure::fail("never")),
            Self::Panicking => panic!("at the disco"),
        }
    }
}

/// Takes longer than it may.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Slow {}

impl Job for Slow {
    const KIND: &'static str = "test.slow.v1";
    const TIMEOUT: Duration = Duration::from_millis(20);

    async fn run(self, _: &Run) -> Result<(), Failure> {
        std::future::pending().await
    }
}

static DROPPED: Mutex<Option<HashSet<Uuid>>> = Mutex::new(None);

/// Never ends by itself, and leaves a note when it is dropped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endless {
    pub note: Uuid,
}

impl Endless {
    pub fn was_dropped(note: Uuid) -> bool {
        let dropped = DROPPED.lock().unwrap_or_else(PoisonError::into_inner);
        dropped.as_ref().is_some_and(|notes| notes.contains(&note))
    }
}

struct Note(Uuid);

impl Drop for Note {
    fn drop(&mut self) {
        let mut dropped = DROPPED.lock().unwrap_or_else(PoisonError::into_inner);
        dropped.get_or_insert_default().insert(self.0);
    }
}

impl Job for Endless {
    const KIND: &'static str = "test.endless.v1";
    const QUEUE: &'static str = "endless";

    fn unique_key(&self) -> Option<String> {
        Some(self.note.to_string())
    }

    async fn run(self, _: &Run) -> Result<(), Failure> {
        let _note = Note(self.note);
        std::future::pending().await
    }
}

pub fn registry() -> Registry {
    let registry = Registry::new().with::<Quick>().unwrap().with::<Failing>().unwrap();
    registry.with::<Slow>().unwrap().with::<Endless>().unwrap()
}
