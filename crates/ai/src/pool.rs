//! Threads of its own for what takes processor time, and a bound on what may wait for them.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use atc_core::ports::{BoxFuture, EngineError};
use tokio::sync::oneshot;

/// In which line a job waits. Single texts go first: somebody waits for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// One text, or a few.
    Single,
    /// A part of many.
    Batch,
}

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Waiting {
    single: VecDeque<Job>,
    batch: VecDeque<Job>,
    stopped: bool,
}

struct Queue {
    waiting: Mutex<Waiting>,
    news: Condvar,
    most: usize,
}

/// A number of threads, and a bounded queue before them. Dropping it ends the threads after the job
/// that each is at.
pub(crate) struct Pool {
    queue: Arc<Queue>,
}

impl Pool {
    /// Starts `threads` threads, for which at most `most` jobs may wait.
    pub fn start(name: &str, threads: usize, most: usize) -> Self {
        let queue = Arc::new(Queue { waiting: Mutex::default(), news: Condvar::new(), most });
        for i in 0..threads {
            let work = queue.clone();
            let spawned =
                thread::Builder::new().name(format!("{name}-{i}")).spawn(move || work.serve());
            if let Err(e) = spawned {
                tracing::error!(error = %e, name, "a thread cannot be started");
            }
        }
        Self { queue }
    }

    /// Lets a thread do the job; the future has its answer.
    ///
    /// # Errors
    /// [`EngineError::Overloaded`] when too many jobs wait already. The future fails when the job
    /// panics, or when the pool ends before its turn.
    pub fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<BoxFuture<'static, Result<T, EngineError>>, EngineError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            let done = catch_unwind(AssertUnwindSafe(job));
            // Nobody may be waiting any more.
            let _ = answer.send(done.map_err(|_| EngineError::Model("a job panicked".into())));
        });
        let mut waiting = self.queue.lock();
        if waiting.single.len() + waiting.batch.len() >= self.queue.most {
            return Err(EngineError::Overloaded);
        }
        match lane {
            Lane::Single => waiting.single.push_back(job),
            Lane::Batch => waiting.batch.push_back(job),
        }
        drop(waiting);
        self.queue.news.notify_one();
        Ok(Box::pin(async move { answered.await.map_err(|_| EngineError::Stopped)? }))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        waiting.stopped = true;
        waiting.single.clear();
        waiting.batch.clear();
        drop(waiting);
        self.queue.news.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        loop {
            let mut waiting = self.lock();
            let job = loop {
                if waiting.stopped {
                    return;
                }
                let next = waiting.single.pop_front();
                if let Some(job) = next.or_else(|| waiting.batch.pop_front()) {
                    break job;
                }
                waiting = self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            };
            drop(waiting);
            job();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A job that is running until it is let go.
    fn hold(pool: &Pool) -> mpsc::Sender<()> {
        let (begun, has_begun) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        drop(pool.run(Lane::Single, move || {
            begun.send(()).unwrap();
            let _ = wait.recv();
        }));
        has_begun.recv().unwrap();
        go
    }

    #[tokio::test]
    async fn single_jobs_pass_batches_and_the_queue_is_bounded() {
        let pool = Pool::start("test", 1, 3);
        let go = hold(&pool);
        let (done, order) = mpsc::channel();
        let job = |name: &'static str| {
            let done = done.clone();
            move || done.send(name).unwrap()
        };
        let a = pool.run(Lane::Batch, job("batch 1")).unwrap();
        let b = pool.run(Lane::Batch, job("batch 2")).unwrap();
        let c = pool.run(Lane::Single, job("single")).unwrap();
        assert!(matches!(pool.run(Lane::Single, || ()), Err(EngineError::Overloaded)));
        go.send(()).unwrap();
        a.await.unwrap();
        b.await.unwrap();
        c.await.unwrap();
        assert_eq!(order.try_iter().collect::<Vec<_>>(), ["single", "batch 1", "batch 2"]);
    }

    #[tokio::test]
    async fn a_panic_ends_its_job_alone() {
        let pool = Pool::start("test", 1, 8);
        let broken = pool.run(Lane::Single, || panic!("on purpose")).unwrap();
        assert!(matches!(broken.await, Err::<(), _>(EngineError::Model(_))));
        assert_eq!(pool.run(Lane::Single, || 7).unwrap().await.unwrap(), 7);
    }

    #[tokio::test]
    async fn whoever_waits_when_it_ends_is_told() {
        let pool = Pool::start("test", 1, 8);
        let go = hold(&pool);
        let waiting = pool.run(Lane::Single, || ()).unwrap();
        drop(pool);
        drop(go);
        assert!(matches!(waiting.await, Err(EngineError::Stopped)));
    }
}
