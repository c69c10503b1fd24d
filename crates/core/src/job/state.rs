//! How far a job is, and how an attempt at it ended.

/// The text names no such state or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no state of a job has this name")]
pub struct UnknownWord;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word used in the database and on the dashboard.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;
            fn from_str(s: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|w| w.as_str() == s).ok_or(UnknownWord)
            }
        }
    )*};
}

words! {
    /// How far a job is.
    JobState {
        /// It waits for its time and for a place.
        Ready = "ready",
        /// A worker has it, as long as its lease lasts.
        Running = "running",
        /// It was done.
        Done = "done",
        /// Its handler said that trying again is pointless.
        Failed = "failed",
        /// It used up its attempts, or killed its worker too often.
        Dead = "dead",
        /// A person stopped it.
        Cancelled = "cancelled",
    }

    /// How an attempt at a job ended.
    AttemptEnd {
        /// The job was done.
        Done = "done",
        /// It failed in a way that may pass.
        Retry = "retry",
        /// It failed for good.
        Failed = "failed",
        /// Its worker was not heard of until the lease was over.
        Lost = "lost",
        /// Its worker ended and gave it back.
        HandedBack = "handed_back",
        /// A person stopped it.
        Cancelled = "cancelled",
    }
}

impl JobState {
    /// Whether nothing more happens to it by itself.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Ready | Self::Running)
    }
}
