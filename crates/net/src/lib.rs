//! The only door outwards: calls to addresses that people gave, and to those that the configuration names.
//!
//! Whoever may name an address could have this server call machines that only it can reach. So each address
//! is looked at twice: as it is written, and as what its name stands for at the moment of the call. The
//! connection goes to what was looked at, so that a name that changes its meaning in between gains nothing.
//! Redirects are not followed, and proxies of the environment are not used.
//!
//! Addresses of the configuration ([`Direct`]) may be in the own house: who writes it may do so anyway.

mod address;
mod answer;
mod client;
mod collector;
mod direct;
mod exchange;
mod guard;
mod resolve;

pub use answer::Answer;
pub use client::{Client, Limits, SetUpError};
pub use collector::Collector;
pub use direct::{AddressError, CallError, Direct};
pub use exchange::{Request, Response};
pub use guard::{AllowError, Allowed, Guard};
