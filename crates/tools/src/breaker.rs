//! A server that is down is left alone for a while.

use std::time::Duration;

use tokio::time::Instant;

/// So many failures one after the other open the breaker.
const FAILURES: u32 = 3;
/// How long it is open the first time; each failure after that doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// At most that long.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Counts failures that follow one another.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether the server may be asked now. Once its pause has passed, one caller may try, and the others wait
    /// for what becomes of it.
    pub fn lets_through(&mut self, now: Instant) -> bool {
        match self.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.open_until = Some(now + FIRST_PAUSE);
                true
            }
            None => true,
        }
    }

    /// The server answered.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// The server did not answer.
    pub fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if let Some(beyond) = self.failures.checked_sub(FAILURES) {
            let pause = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(beyond));
            self.open_until = Some(now + pause.min(LONGEST_PAUSE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_opens_after_three_failures_and_lets_one_try() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..3 {
            assert!(breaker.lets_through(now));
            breaker.failed(now);
        }
        assert!(!breaker.lets_through(now));
        let later = now + FIRST_PAUSE;
        assert!(breaker.lets_through(later) && !breaker.lets_through(later), "one tries");
        breaker.failed(later);
        assert!(!breaker.lets_through(later + FIRST_PAUSE), "twice as long");
        let latest = later + 2 * FIRST_PAUSE;
        assert!(breaker.lets_through(latest));
        breaker.succeeded();
        assert!(breaker.lets_through(latest) && breaker.lets_through(latest));
    }

    #[tokio::test]
    async fn the_pause_has_an_end() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..100 {
            breaker.failed(now);
        }
        assert!(breaker.lets_through(now + LONGEST_PAUSE));
    }
}
