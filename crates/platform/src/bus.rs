//! The bus of an installation through Redis: publish and subscribe.

use std::time::Duration;

use atc_core::ports::{BoxFuture, Bus, BusError, BusListener, BusMessage};
use futures::StreamExt;
use redis::{
    AsyncCommands, Client,
    aio::{ConnectionManager, ConnectionManagerConfig, PubSubStream},
};
use tokio::sync::OnceCell;

/// The channel.
const CHANNEL: &str = "ai-tickets:bus";
/// The variable that names the server.
const SERVER: &str = "REDIS_URL";
/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The bus that Redis provides.
pub struct RedisBus {
    client: Client,
    connection: OnceCell<ConnectionManager>,
}

impl RedisBus {
    /// A bus that uses the server at `url`, when it is there.
    ///
    /// # Errors
    /// When the address makes no sense. A server that is away is no error.
    pub fn new(url: &str) -> Result<Self, redis::RedisError> {
        Ok(Self { client: Client::open(url)?, connection: OnceCell::new() })
    }

    async fn say(&self, message: BusMessage) -> redis::RedisResult<()> {
        let connection = self
            .connection
            .get_or_try_init(|| {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(PATIENCE))
                    .set_response_timeout(Some(PATIENCE))
                    .set_number_of_retries(0);
                ConnectionManager::new_with_config(self.client.clone(), config)
            })
            .await?;
        connection.clone().publish(CHANNEL, message.to_text()).await
    }

    async fn subscribe(&self) -> redis::RedisResult<PubSubStream> {
        let (mut sink, stream) = self.client.get_async_pubsub().await?.split();
        sink.subscribe(CHANNEL).await?;
        Ok(stream)
    }
}

impl Bus for RedisBus {
    fn publish(&self, message: BusMessage) -> BoxFuture<'_, Result<(), BusError>> {
        Box::pin(in_time(self.say(message)))
    }

    fn listen(&self) -> BoxFuture<'_, Result<Box<dyn BusListener>, BusError>> {
        Box::pin(async move {
            let stream = in_time(self.subscribe()).await?;
            Ok(Box::new(RedisListener(stream)) as Box<dyn BusListener>)
        })
    }
}

struct RedisListener(PubSubStream);

impl BusListener for RedisListener {
    fn next(&mut self) -> BoxFuture<'_, Result<BusMessage, BusError>> {
        Box::pin(async move {
            loop {
                let Some(heard) = self.0.next().await else {
                    return Err(error("the connection was closed".to_owned()));
                };
                let text = heard.get_payload::<String>().unwrap_or_default();
                if let Some(message) = BusMessage::parse(&text) {
                    return Ok(message);
                }
            }
        })
    }
}

async fn in_time<T>(
    work: impl Future<Output = redis::RedisResult<T>> + Send,
) -> Result<T, BusError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|e| error(e.category().to_owned())),
        Err(_) => Err(error(format!("no answer within {} ms", PATIENCE.as_millis()))),
    }
}

fn error(reason: String) -> BusError {
    BusError { server: SERVER, reason }
}
