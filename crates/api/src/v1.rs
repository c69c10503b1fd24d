//! The routes of the API: this table is the OpenAPI document.

mod ai;
mod assistant;
mod auth;
mod categories;
mod comments;
mod events;
mod files;
mod grants;
mod jobs;
mod knowledge;
mod notifications;
mod queues;
mod tags;
mod teams;
mod tickets;
mod tokens;
mod users;
mod webhook_endpoints;

use crate::endpoint::Endpoint;

/// Where the routes of this version begin.
pub(crate) const PREFIX: &str = "/api/v1";

/// Every route of this version, without the prefix.
#[expect(clippy::too_many_lines, reason = "a table: one line a route")]
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        auth::register::endpoint(),
        auth::login::endpoint(),
        auth::refresh::endpoint(),
        auth::logout::endpoint(),
        auth::me::endpoint(),
        auth::update_me::endpoint(),
        auth::ws_ticket::endpoint(),
        grants::list::endpoint(),
        grants::end::endpoint(),
        users::list::endpoint(),
        users::create::endpoint(),
        users::get::endpoint(),
        users::update::endpoint(),
        tokens::list::endpoint(),
        tokens::create::endpoint(),
        tokens::delete::endpoint(),
        tickets::list::endpoint(),
        tickets::create::endpoint(),
        tickets::create_from_text::endpoint(),
        tickets::stats::endpoint(),
        tickets::get::endpoint(),
        tickets::update::endpoint(),
        tickets::delete::endpoint(),
        tickets::triage::endpoint(),
        tickets::similar::endpoint(),
        tickets::events::endpoint(),
        comments::list::endpoint(),
        comments::create::endpoint(),
        comments::get::endpoint(),
        comments::update::endpoint(),
        comments::delete::endpoint(),
        categories::list::endpoint(),
        categories::create::endpoint(),
        categories::get::endpoint(),
        categories::update::endpoint(),
        categories::delete::endpoint(),
        teams::list::endpoint(),
        teams::create::endpoint(),
        teams::get::endpoint(),
        teams::update::endpoint(),
        teams::delete::endpoint(),
        knowledge::list::endpoint(),
        knowledge::create::endpoint(),
        knowledge::get::endpoint(),
        knowledge::update::endpoint(),
        knowledge::delete::endpoint(),
        knowledge::search::endpoint(),
        files::list::endpoint(),
        files::get::endpoint(),
        files::content::endpoint(),
        files::link::endpoint(),
        files::linked::endpoint(),
        files::uploads::announce::endpoint(),
        files::uploads::get::endpoint(),
        files::uploads::abort::endpoint(),
        files::reprocess::endpoint(),
        files::delete::endpoint(),
        events::endpoint(),
        notifications::list::endpoint(),
        notifications::unread_count::endpoint(),
        notifications::preferences::endpoint(),
        notifications::update_preferences::endpoint(),
        notifications::read_all::endpoint(),
        notifications::read::endpoint(),
        ai::categorize::endpoint(),
        ai::categorize_batch::endpoint(),
        ai::agents::endpoint(),
        ai::analyze_file::endpoint(),
        ai::decisions::endpoint(),
        ai::decision::endpoint(),
        ai::revert::endpoint(),
        ai::quality::endpoint(),
        ai::config::endpoint(),
        ai::reload::endpoint(),
        ai::set_key::endpoint(),
        ai::delete_key::endpoint(),
        ai::replays::endpoint(),
        ai::replay::endpoint(),
        ai::start_replay::endpoint(),
        ai::tool_servers::list::endpoint(),
        ai::tool_servers::create::endpoint(),
        ai::tool_servers::get::endpoint(),
        ai::tool_servers::update::endpoint(),
        ai::tool_servers::delete::endpoint(),
        ai::tool_servers::refresh::endpoint(),
        ai::tool_servers::call::endpoint(),
        assistant::say::endpoint(),
        assistant::list::endpoint(),
        assistant::get::endpoint(),
        assistant::delete::endpoint(),
        assistant::approve::endpoint(),
        assistant::reject::endpoint(),
        webhook_endpoints::list::endpoint(),
        webhook_endpoints::create::endpoint(),
        webhook_endpoints::get::endpoint(),
        webhook_endpoints::update::endpoint(),
        webhook_endpoints::delete::endpoint(),
        webhook_endpoints::rotate_secret::endpoint(),
        webhook_endpoints::deliveries::endpoint(),
        webhook_endpoints::delivery::endpoint(),
        webhook_endpoints::replay::endpoint(),
        jobs::list::endpoint(),
        jobs::overview::endpoint(),
        jobs::get::endpoint(),
        jobs::retry::endpoint(),
        jobs::cancel::endpoint(),
        jobs::delete::endpoint(),
        queues::list::endpoint(),
        queues::pause::endpoint(),
        queues::resume::endpoint(),
    ]
}

/// Routes whose bodies may be large and take long: they keep the time themselves.
pub(crate) fn streamed() -> Vec<Endpoint> {
    vec![
        files::upload::endpoint(),
        files::uploads::put_part::endpoint(),
        files::uploads::complete::endpoint(),
    ]
}
