//! Connections, transactions, and what the two engines say differently.

mod connect;
pub(crate) mod dialect;
mod replica;
mod tx;

pub use connect::{Config, Engine, PoolUse, Store};
pub use tx::Tx;
