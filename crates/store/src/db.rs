//! Connections, transactions, and what the two engines say differently.

mod connect;
pub(crate) mod dialect;
pub(crate) mod full_text;
mod replica;
mod tx;

pub use connect::{Config, Engine, PoolUse, Store};
pub use tx::Tx;
