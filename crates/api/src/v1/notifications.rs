//! `/notifications`.

pub(super) mod list;
pub(super) mod preferences;
pub(super) mod read;
pub(super) mod read_all;
pub(super) mod unread_count;
pub(super) mod update_preferences;
