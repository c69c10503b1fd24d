//! The address a request really comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, request::Parts};
use ipnet::IpNet;

use crate::ApiState;

/// The address of the client. Behind trusted proxies, the last address in `X-Forwarded-For` that is
/// not one of theirs: everything to the left of it, a client can write itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub IpAddr);

impl FromRequestParts<ApiState> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &ApiState,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(client(peer, &parts.headers, &state.config.trusted_proxies)))
    }
}

fn client(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |ip| ip.to_canonical());
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    let mut nearest = peer;
    for text in forwarded.into_iter().rev() {
        let Ok(ip) = text.trim().parse::<IpAddr>() else { return nearest };
        nearest = ip.to_canonical();
        if !is_trusted(&nearest) {
            break;
        }
    }
    nearest
}

/// The part of an address that stands for one client: of IPv6 the /64, which is what one is given.
pub(crate) fn network_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let mut segments = v6.segments();
            segments[4..].fill(0);
            IpAddr::from(segments)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn from(peer: &str, forwarded: &str, trusted: &[&str]) -> String {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-forwarded-for"),
            HeaderValue::from_str(forwarded).unwrap(),
        )]);
        let trusted: Vec<IpNet> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        client(Some(peer.parse().unwrap()), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(from("9.9.9.9", "1.2.3.4", &[]), "9.9.9.9");
        assert_eq!(from("10.0.0.1", "1.2.3.4", &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(from("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(from("10.0.0.1", "6.6.6.6, junk", &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(from("::ffff:10.0.0.1", "1.2.3.4", &["10.0.0.0/8"]), "1.2.3.4");
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let ip = network_of("2001:db8:1:2:3:4:5:6".parse().unwrap());
        assert_eq!(ip.to_string(), "2001:db8:1:2::");
    }
}
