//! Subscriptions to resources (`subscriptions/listen`), fed by the event log.

use std::sync::Arc;

use atc_app::{Facts, Follower, Heard, Lost, Told};
use atc_core::{
    event::{EventKind, Topic, Viewer},
    policy,
};
use rmcp::{ErrorData, model::SubscriptionFilter, service::SubscriptionContext};
use tokio::time::sleep;

use super::{auth::Identity, resources::Uri, server::McpServer};
use crate::ws::until;

/// The most resources of one subscription.
const MOST_RESOURCES: usize = 100;

/// Tells what changes of the resources that a client named, until it wants no more, its credential
/// ends, it reads too slowly or the process ends; clients listen again.
pub(super) async fn run(server: &McpServer, context: SubscriptionContext) -> Result<(), ErrorData> {
    let request = context.request_context();
    let who = server.who(&request.extensions)?;
    let state = server.state();
    let app = &state.app;
    let refused = |e: atc_core::Error| ErrorData::invalid_request(e.detail, None);
    let wanted = Wanted::of(context.accepted())?;
    let mut connected =
        app.connect_at(who.token(), who.resource().as_deref()).await.map_err(refused)?;
    let _permit = app
        .open_connection(who.caller.user_id, state.config.max_sockets_per_user)
        .map_err(refused)?;
    let mut follower =
        app.follow(Viewer::of(&who.caller), topics(&who), None).await.map_err(refused)?;
    let end = sleep(until(connected.ends_at, app.now()));
    let shutdown = app.shutdown_token().clone();
    tokio::pin!(end);
    loop {
        let heard = tokio::select! {
            () = context.cancelled() => return Ok(()),
            () = shutdown.cancelled() => return Ok(()),
            () = &mut end => return Ok(()),
            heard = follower.next() => heard,
        };
        match heard {
            Ok(Heard::Events(events)) => {
                if wanted.tell(&context, &events).await.is_err() {
                    // The client has gone.
                    return Ok(());
                }
            }
            Ok(Heard::AccessChanged) => match app.still_connected(&connected.caller).await {
                Ok(Some(caller)) => look_as(&mut follower, &mut connected.caller, caller),
                Ok(None) => return Ok(()),
                Err(e) => return Err(refused(e)),
            },
            Err(Lost::Slow | Lost::Ended) => return Ok(()),
            Err(Lost::Failed(e)) => return Err(refused(e)),
        }
    }
}

fn look_as(follower: &mut Follower, before: &mut atc_core::Caller, now: atc_core::Caller) {
    follower.look_as(Viewer::of(&now));
    *before = now;
}

fn topics(who: &Identity) -> Vec<Topic> {
    let may = |topic: &Topic| policy::authorize(&who.caller, topic.action()).is_ok();
    [Topic::Tickets, Topic::Files].into_iter().filter(may).collect()
}

/// What a subscription is about.
struct Wanted {
    resources: Vec<(String, Uri)>,
    list: bool,
}

impl Wanted {
    fn of(filter: &SubscriptionFilter) -> Result<Self, ErrorData> {
        let uris = filter.resource_subscriptions.as_deref().unwrap_or_default();
        if uris.len() > MOST_RESOURCES {
            let text = format!("At most {MOST_RESOURCES} resources are listened to at a time.");
            return Err(ErrorData::invalid_params(text, None));
        }
        let resources = uris.iter().map(|uri| Ok((uri.clone(), Uri::parse(uri)?)));
        let resources = resources.collect::<Result<_, ErrorData>>()?;
        Ok(Self { resources, list: filter.resources_list_changed == Some(true) })
    }

    async fn tell(&self, context: &SubscriptionContext, events: &[Arc<Told>]) -> Result<(), ()> {
        let is_new = |told: &Arc<Told>| {
            matches!(told.event.kind, EventKind::TicketCreated | EventKind::TicketDeleted)
        };
        if self.list && events.iter().any(is_new) {
            context.sink().notify_resource_list_changed().await.map_err(|_| ())?;
        }
        for (uri, resource) in &self.resources {
            if events.iter().any(|told| is_about(told, resource)) {
                context.sink().notify_resource_updated(uri).await.map_err(|_| ())?;
            }
        }
        Ok(())
    }
}

fn is_about(told: &Told, resource: &Uri) -> bool {
    match (&told.facts, resource) {
        (Facts::Ticket(ticket) | Facts::Comment(_, ticket), Uri::Ticket(id)) => {
            ticket.number.to_string() == *id || ticket.id.to_string() == *id
        }
        (Facts::File(file), Uri::File(id)) => file.id.to_string() == *id,
        _ => false,
    }
}
