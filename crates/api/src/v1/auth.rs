//! Accounts of one's own: registering, logging in, refreshing, logging out.

pub(super) mod login;
pub(super) mod logout;
pub(super) mod me;
pub(super) mod refresh;
pub(super) mod register;
pub(super) mod update_me;
pub(super) mod ws_ticket;
