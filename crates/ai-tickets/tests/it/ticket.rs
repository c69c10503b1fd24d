//! `ticket new`.
