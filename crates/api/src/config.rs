//! What the HTTP door must be told.

use std::{net::SocketAddr, time::Duration};

use http::HeaderValue;
use ipnet::IpNet;

/// Settings of the HTTP door.
#[derive(Debug, Clone)]
pub struct Config {
    /// Origins that browsers may call from.
    pub cors_allowed_origins: Vec<HeaderValue>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The most bytes of a JSON body.
    pub max_body_bytes: usize,
    /// The most bytes of the body of a batch call.
    pub max_batch_body_bytes: usize,
    /// The most bytes of all headers of a request together.
    pub max_header_bytes: usize,
    /// For how long a body may bring less than 64 KiB.
    pub body_timeout: Duration,
    /// How long a file may take to arrive.
    pub upload_timeout: Duration,
    /// How long a request may take to be answered.
    pub request_timeout: Duration,
    /// The most live connections of one person: sockets and streams.
    pub max_sockets_per_user: usize,
    /// By which hosts the MCP port may be called, with or without a port; `None`: by any.
    pub mcp_allowed_hosts: Option<Vec<String>>,
    /// Under which address the MCP port is reached, as `https://desk.example.com`; `None`: under that by
    /// which programs on this machine call it.
    pub mcp_public_url: Option<String>,
    /// How long a tool may wait for a file to be read.
    pub mcp_tool_timeout: Duration,
    /// Whether clients are told to come by HTTPS only.
    pub hsts: bool,
}

/// Where and how connections are taken.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// The most connections at the same time; more wait to be taken.
    pub max_connections: usize,
    /// How long the headers of a request may take to arrive.
    pub header_timeout: Duration,
    /// For how long a client may take nothing of its answer.
    pub answer_timeout: Duration,
    /// How long connections may finish what they do when the server ends.
    pub shutdown_grace: Duration,
}
