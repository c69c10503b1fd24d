//! Runs of a model side by side: each on one core, which takes less time than one after the other on all.

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rten::ThreadPool;

use super::network::failed;
use crate::reader::ReadError;

/// More runs at once would take more memory than a reader may have.
const MOST: usize = 2;

/// The threads that models run on.
pub(super) struct Crew {
    /// One thread each.
    single: Vec<Arc<ThreadPool>>,
    /// All together, for a run that is alone.
    together: Arc<ThreadPool>,
}

impl Crew {
    pub fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let pool = |threads| Arc::new(ThreadPool::with_num_threads(threads));
        Self {
            single: (0..cores.min(MOST)).map(|_| pool(1)).collect(),
            together: pool(cores.min(4)),
        }
    }

    /// Does every job, several at once; the results are in the order of the jobs.
    pub fn run<J: Sync, R: Send>(
        &self,
        jobs: &[J],
        work: impl Fn(&J, &Arc<ThreadPool>) -> Result<R, ReadError> + Sync,
    ) -> Result<Vec<R>, ReadError> {
        if jobs.len() < 2 || self.single.len() < 2 {
            return jobs.iter().map(|job| work(job, &self.together)).collect();
        }
        let next = AtomicUsize::new(0);
        let mut done: Vec<(usize, R)> = thread::scope(|scope| {
            let hands: Vec<_> = self
                .single
                .iter()
                .map(|pool| {
                    let (next, work) = (&next, &work);
                    scope.spawn(move || {
                        let mut mine = Vec::new();
                        loop {
                            let i = next.fetch_add(1, Ordering::Relaxed);
                            let Some(job) = jobs.get(i) else { return Ok(mine) };
                            mine.push((i, work(job, pool)?));
                        }
                    })
                })
                .collect();
            let mut all = Vec::with_capacity(jobs.len());
            for hand in hands {
                all.extend(hand.join().map_err(|_| failed("it panicked"))??);
            }
            Ok::<_, ReadError>(all)
        })?;
        done.sort_by_key(|(i, _)| *i);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_jobs() {
        let jobs: Vec<usize> = (0..100).collect();
        let doubled = Crew::new().run(&jobs, |job, _| Ok(job * 2)).unwrap();
        assert_eq!(doubled, jobs.iter().map(|job| job * 2).collect::<Vec<_>>());
    }

    #[test]
    fn one_failure_is_the_failure_of_all() {
        let work =
            |job: &i32, _: &Arc<ThreadPool>| if *job == 3 { Err(failed("no")) } else { Ok(()) };
        assert!(Crew::new().run(&[1, 2, 3, 4], work).is_err());
    }
}
