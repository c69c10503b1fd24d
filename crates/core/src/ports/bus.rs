//! Telling the other processes of an installation that there is something to look at.

use uuid::Uuid;

use crate::ports::BoxFuture;

/// What is worth looking at. The database holds what happened; this only says that looking pays off now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Wake {
    /// The event log has grown.
    Events = 1,
    /// Jobs were added.
    Jobs = 2,
    /// Something waits to be indexed.
    Index = 4,
    /// Labels, or the model in use, changed.
    Labels = 8,
    /// What administrators said of providers and agents changed.
    Agents = 16,
}

impl Wake {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Events, Self::Jobs, Self::Index, Self::Labels, Self::Agents];
}

/// A set of [`Wake`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wakes(u8);

impl Wakes {
    /// None: a sign of life.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(31);

    /// The set that these bits say; those that this version does not know are left out.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The set as bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What it holds.
    pub fn iter(self) -> impl Iterator<Item = Wake> {
        Wake::ALL.into_iter().filter(move |wake| self.0 & *wake as u8 != 0)
    }
}

impl From<Wake> for Wakes {
    fn from(wake: Wake) -> Self {
        Self(wake as u8)
    }
}

/// What one process says to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusMessage {
    /// Which process says it: everyone hears themselves as well.
    pub from: Uuid,
    /// What is worth looking at.
    pub wakes: Wakes,
}

impl BusMessage {
    /// The message in one line of text, as it travels.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{}:{}", self.from.simple(), self.wakes.bits())
    }

    /// Reads [`BusMessage::to_text`]; `None` for what is no message of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, bits) = text.split_once(':')?;
        Some(Self { from: from.parse().ok()?, wakes: Wakes::from_bits(bits.parse().ok()?) })
    }
}

/// The bus could not be used; work is found later, by looking unasked.
#[derive(Debug, thiserror::Error)]
#[error("{server} does not pass messages on: {reason}")]
pub struct BusError {
    /// Which server it is, by the variable that names it.
    pub server: &'static str,
    /// Why, safe to show.
    pub reason: String,
}

/// Connects the processes of an installation. A message may be lost: whoever needs it looks by itself
/// from time to time.
pub trait Bus: Send + Sync {
    /// Says something to all processes that listen.
    fn publish(&self, message: BusMessage) -> BoxFuture<'_, Result<(), BusError>>;

    /// Begins to listen.
    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn BusListener>, BusError>>;
}

/// An open ear.
pub trait BusListener: Send {
    /// What is said next; an error when the connection is lost. May be dropped while it waits.
    fn next(&mut self) -> BoxFuture<'_, Result<BusMessage, BusError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_and_foreign_text_is_none() {
        for wakes in (0..32).map(Wakes::from_bits) {
            let message = BusMessage { from: Uuid::from_u128(7), wakes };
            assert_eq!(BusMessage::parse(&message.to_text()), Some(message));
        }
        let newer = format!("{}:255", Uuid::from_u128(7).simple());
        assert_eq!(BusMessage::parse(&newer).unwrap().wakes, Wakes::ALL);
        for foreign in ["", ":", "7", "x:1", "00000000000000000000000000000007:256", "é:1"] {
            assert_eq!(BusMessage::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let bits = Wake::ALL.into_iter().fold(0, |bits, wake| bits | wake as u8);
        assert_eq!(Wakes::from_bits(bits), Wakes::ALL);
        let held: Vec<_> = Wakes::from_bits(5).iter().collect();
        assert_eq!(held, [Wake::Events, Wake::Index]);
    }
}
