//! When a call that failed is made again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::fault::Fault;

/// The wait before the second attempt, doubled before each further one, plus up to as much again by chance.
const FIRST: Duration = Duration::from_millis(250);
/// The longest wait that is not the provider's wish.
const LONGEST: Duration = Duration::from_secs(8);

/// The waits between the attempts of one call.
pub(crate) struct Waits(ExponentialBackoff);

impl Waits {
    /// For so many repetitions.
    pub fn new(repetitions: u8) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(FIRST)
            .with_max_delay(LONGEST)
            .with_max_times(repetitions.into())
            .with_jitter();
        Self(builder.build())
    }

    /// How long to wait before the call is made again; `None`: it is not. The provider is not asked earlier
    /// than it wants.
    pub fn after(&mut self, fault: &Fault) -> Option<Duration> {
        if !fault.may_repeat() {
            return None;
        }
        let own = self.0.next()?;
        Some(fault.error.retry_after.map_or(own, |wanted| wanted.max(FIRST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atc_core::chat::{ChatError, ChatErrorKind};

    fn fault(kind: ChatErrorKind, retry_after: Option<Duration>) -> Fault {
        let mut error = ChatError::new(kind, "");
        error.retry_after = retry_after;
        Fault { error, ..Fault::new(kind, "") }
    }

    #[test]
    fn the_wish_of_the_provider_is_obeyed_and_what_lasts_is_not_repeated() {
        let mut waits = Waits::new(3);
        let wish = Duration::from_secs(20);
        assert_eq!(waits.after(&fault(ChatErrorKind::RateLimited, Some(wish))), Some(wish));
        let own = waits.after(&fault(ChatErrorKind::Overloaded, None)).unwrap();
        assert!((2 * FIRST..=4 * FIRST).contains(&own), "{own:?}");
        assert_eq!(waits.after(&fault(ChatErrorKind::BadRequest, None)), None);
        let told =
            |should| Fault { should_retry: Some(should), ..fault(ChatErrorKind::Overloaded, None) };
        assert_eq!(waits.after(&told(false)), None);
        assert!(waits.after(&told(true)).is_some());
        assert_eq!(waits.after(&told(true)), None, "three repetitions and no more");
    }
}
