//! The vocabulary of AI Ticket Creator: what a ticket, a person, a category or an article is,
//! which values are legal, who may do what, and the ports through which the rest of the house
//! reaches the world.
//!
//! Nothing here does input or output, reads a clock, or knows a web framework or a database.

pub mod agent;
pub mod article;
pub mod audit;
pub mod caller;
pub mod category;
pub mod chat;
pub mod comment;
pub mod conversation;
pub mod decision;
pub mod error;
pub mod event;
pub mod file;
pub mod grant;
pub mod id;
pub mod idempotency;
pub mod job;
pub mod json;
pub mod latencies;
pub mod notification;
pub mod observe;
pub mod page;
pub mod patch;
pub mod policy;
pub mod ports;
pub mod team;
pub mod text;
pub mod ticket;
pub mod token;
pub mod tool_server;
pub mod triage;
pub mod user;
pub mod vector;
pub mod webhook;

pub use caller::{Caller, Ctx};
pub use error::{Error, ErrorCode, FieldError, Location, Result};
