//! Names become addresses here, and only those that may be called are given to the connection.

use std::{net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Guard, guard::inside};

/// Asks the machine for the addresses of a name and keeps those that may be called.
pub(crate) struct Guarded(pub Arc<Guard>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let may = |address: &SocketAddr| guard.may_connect(name.as_str(), address.ip());
            let kept: Vec<SocketAddr> = found.filter(may).collect();
            if kept.is_empty() {
                return Err(inside().into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}
