//! Webhooks: other systems are told what happens, after Standard Webhooks (standardwebhooks.com).
//!
//! The event log, which is written in the transaction of each change, is the outbox. A worker reads it on from
//! where it was read to, and writes for each endpoint a delivery and its job, in the transaction that moves that
//! position: nothing is told twice or left out, whichever process dies.

mod deliver;
mod endpoints;
mod fan_out;
mod secret;
mod settle;

pub(crate) use deliver::DeliverWebhook;
pub use endpoints::NewEndpointSecret;
pub(crate) use settle::SettleDeliveries;
