//! The breaker: a provider that keeps failing is left alone for a while, so that nobody waits for it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// When a provider is left alone, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Rests {
    /// After so many failures in a row.
    pub after: u32,
    /// The first time for so long; twice as long each time that it fails again.
    pub first: Duration,
    /// Never for longer.
    pub longest: Duration,
    /// After it refused the key.
    pub unauthorized: Duration,
}

impl Default for Rests {
    fn default() -> Self {
        Self {
            after: 5,
            first: Duration::from_secs(5),
            longest: Duration::from_mins(5),
            unauthorized: Duration::from_mins(1),
        }
    }
}

/// What a call said about the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It answers, be it that it does not like the request.
    Well,
    /// It does not answer.
    Failed,
    /// It refused the key.
    Unauthorized,
    /// It wants to be left alone for so long.
    Rest(Duration),
    /// Nothing: the call was given up too early.
    Nothing,
}

/// Keeps count and opens.
#[derive(Debug)]
pub(crate) struct Breaker {
    rests: Rests,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// How often it opened since the provider last answered.
    opened: u32,
    /// Nobody is let through before.
    open_until: Option<Instant>,
    /// One call is trying whether the provider is back.
    probing: bool,
}

/// Leave for one call. Dropped without a verdict, it says nothing.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub fn new(rests: Rests) -> Self {
        Self { rests, state: Mutex::default() }
    }

    /// Leave for a call, or for how long to wait. After a rest, one call at a time tries.
    pub fn enter(&self, now: Instant) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        let probe = match state.open_until {
            None => false,
            Some(until) if now < until => return Err(until - now),
            Some(_) if state.probing => return Err(self.rests.first),
            Some(_) => true,
        };
        state.probing = probe;
        Ok(Pass { breaker: self, probe })
    }

    /// Whether nobody, or only one who tries, is let through.
    pub fn is_open(&self) -> bool {
        self.state().open_until.is_some()
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.state().failures
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Says how the call went.
    pub fn settle(self, verdict: Verdict, now: Instant) {
        let rests = self.breaker.rests;
        let mut state = self.breaker.state();
        match verdict {
            Verdict::Nothing => {}
            Verdict::Well => *state = State::default(),
            Verdict::Failed => {
                state.failures = state.failures.saturating_add(1);
                if self.probe || state.failures >= rests.after {
                    let rest = rests.first.saturating_mul(1 << state.opened.min(16));
                    state.opened = state.opened.saturating_add(1);
                    state.open(rest.min(rests.longest), now);
                }
            }
            Verdict::Unauthorized => state.open(rests.unauthorized, now),
            Verdict::Rest(wanted) => state.open(wanted.min(rests.longest), now),
        }
    }
}

impl State {
    fn open(&mut self, rest: Duration, now: Instant) {
        self.open_until = self.open_until.max(Some(now + rest));
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> (Breaker, Instant) {
        let rests =
            Rests { after: 2, first: SECOND, longest: 3 * SECOND, unauthorized: 10 * SECOND };
        (Breaker::new(rests), Instant::now())
    }

    fn tell(breaker: &Breaker, verdict: Verdict, now: Instant) {
        breaker.enter(now).unwrap().settle(verdict, now);
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_with_an_answer() {
        let (breaker, now) = breaker();
        tell(&breaker, Verdict::Failed, now);
        tell(&breaker, Verdict::Well, now);
        tell(&breaker, Verdict::Failed, now);
        assert!(!breaker.is_open());
        tell(&breaker, Verdict::Failed, now);
        assert_eq!(breaker.enter(now).unwrap_err(), SECOND);
        tell(&breaker, Verdict::Well, now + SECOND);
        assert!(!breaker.is_open() && breaker.failures() == 0);
    }

    #[test]
    fn one_call_at_a_time_tries_and_a_failure_doubles_the_rest() {
        let (breaker, now) = breaker();
        tell(&breaker, Verdict::Failed, now);
        tell(&breaker, Verdict::Failed, now);
        let later = now + SECOND;
        let probe = breaker.enter(later).unwrap();
        assert!(breaker.enter(later).is_err());
        drop(probe);
        tell(&breaker, Verdict::Failed, later);
        assert_eq!(breaker.enter(later).unwrap_err(), 2 * SECOND);
        let later = later + 2 * SECOND;
        tell(&breaker, Verdict::Failed, later);
        assert_eq!(breaker.enter(later).unwrap_err(), 3 * SECOND, "never longer than the longest");
    }

    #[test]
    fn a_call_that_says_nothing_leaves_it_open() {
        let (breaker, now) = breaker();
        tell(&breaker, Verdict::Rest(SECOND), now);
        assert_eq!(breaker.enter(now).unwrap_err(), SECOND);
        tell(&breaker, Verdict::Nothing, now + SECOND);
        assert!(breaker.is_open());
    }

    #[test]
    fn a_refused_key_opens_at_once() {
        let (breaker, now) = breaker();
        tell(&breaker, Verdict::Unauthorized, now);
        assert_eq!(breaker.enter(now).unwrap_err(), 10 * SECOND);
    }
}
