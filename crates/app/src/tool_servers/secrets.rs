//! What servers are shown, on its way into the database and back.

use atc_core::{
    Error, Result,
    agent::ApiKey,
    id::ToolServerId,
    ports::ToolServerAddress,
    tool_server::{CustomHeader, ServerSecrets, ToolServer},
};
use serde::{Deserialize, Serialize};

use crate::App;

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    token: Option<String>,
    headers: Vec<(String, String)>,
}

impl App {
    /// Seals what a server is shown for its row; `None` where it is shown nothing.
    pub(super) fn seal_server_secrets(
        &self,
        id: ToolServerId,
        secrets: &ServerSecrets,
    ) -> Result<Option<Vec<u8>>> {
        if secrets.is_empty() {
            return Ok(None);
        }
        let header = |header: &CustomHeader| (header.name().to_owned(), header.expose().to_owned());
        let plain = Sealed {
            token: secrets.token.as_ref().map(|token| token.expose().to_owned()),
            headers: secrets.headers.iter().map(header).collect(),
        };
        let plain = serde_json::to_vec(&plain).map_err(Error::internal)?;
        self.tool_sealer.seal(self.entropy.as_ref(), id.0.as_bytes(), &plain).map(Some)
    }

    /// A server, and what it is shown: read at once, so that none is shown what is for another address.
    pub(super) async fn server_with_secrets(
        &self,
        id: ToolServerId,
    ) -> Result<(ToolServer, ServerSecrets)> {
        let (server, sealed) = self.store.tool_servers().get_with_secrets(id).await?;
        let secrets = match sealed {
            Some(sealed) => self.open_server_secrets(id, &sealed)?,
            None => ServerSecrets::default(),
        };
        Ok((server, secrets))
    }

    fn open_server_secrets(&self, id: ToolServerId, sealed: &[u8]) -> Result<ServerSecrets> {
        let plain = self.tool_sealer.open(id.0.as_bytes(), sealed)?;
        let unreadable = || Error::internal("the secrets of a tool server cannot be read");
        let plain: Sealed = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
        let header = |(name, value): (String, String)| CustomHeader::parse(&name, &value);
        let headers = plain.headers.into_iter().map(header).collect::<Result<_, _>>();
        let token = plain.token.map(|text| ApiKey::parse(&text).ok_or_else(unreadable));
        Ok(ServerSecrets { token: token.transpose()?, headers: headers.map_err(|_| unreadable())? })
    }
}

/// Where a server is, with what it is shown.
pub(super) fn address(server: &ToolServer, secrets: ServerSecrets) -> ToolServerAddress {
    ToolServerAddress {
        id: server.id,
        url: server.url.clone(),
        secrets,
        connect_timeout: server.connect_timeout,
        call_timeout: server.call_timeout,
    }
}

/// Notes in a server what it is shown, without showing it.
pub(super) fn describe(server: &mut ToolServer, secrets: &ServerSecrets) {
    server.has_token = secrets.token.is_some();
    server.header_names = secrets.headers.iter().map(|h| h.name().to_owned()).collect();
}
