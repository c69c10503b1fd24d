//! Rate limits shared by all processes through Redis.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use atc_core::ports::{BoxFuture, Clock, Decision, Limit, RateLimiter};
use redis::{Client, Script, aio::ConnectionManager, aio::ConnectionManagerConfig};
use tokio::sync::OnceCell;

use super::LocalLimiter;

/// How long Redis may take before this process counts for itself.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long this process counts for itself after Redis failed, before it asks again.
const RECOVERY_MS: i64 = 1_000;

/// The counters of `Counters::hit`, by the clock of Redis. One script, so that counting and deciding
/// cannot be torn apart.
const SCRIPT: &str = r"
local limit = tonumber(ARGV[1])
local length = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = math.floor(now / length)
local elapsed = now - window * length
local kept = redis.call('HMGET', KEYS[1], 'w', 'c', 'p')
local w, present, previous = tonumber(kept[1]), tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
if w == window - 1 then
  previous, present = present, 0
elseif w ~= window then
  previous, present = 0, 0
end
local used = present + previous * (1 - elapsed / length)
if used + 1 > limit then
  local function shrunk(count, room)
    if count == 0 then return 0 end
    return math.ceil(math.max(0, 1 - room / count) * length)
  end
  local wait
  if present <= limit - 1 then
    wait = math.max(1, shrunk(previous, limit - 1 - present) - elapsed)
  else
    wait = length - elapsed + shrunk(present, limit - 1)
  end
  return {0, 0, math.ceil(wait / 1000)}
end
redis.call('HSET', KEYS[1], 'w', window, 'c', present + 1, 'p', previous)
redis.call('PEXPIRE', KEYS[1], length * 2)
return {1, math.floor(limit - used - 1), math.ceil((length - elapsed) / 1000)}
";

/// Counts in Redis, and in this process while Redis is away.
pub struct RedisLimiter {
    client: Client,
    connection: OnceCell<ConnectionManager>,
    script: Script,
    local: LocalLimiter,
    clock: Arc<dyn Clock>,
    /// Until when Redis is left alone, in milliseconds since the epoch.
    avoid_until_ms: AtomicI64,
    trouble: Mutex<Option<String>>,
}

/// The address is no address of a Redis server.
#[derive(Debug, thiserror::Error)]
#[error("not an address of a Redis server")]
pub struct RedisLimiterError(#[source] redis::RedisError);

impl RedisLimiter {
    /// A limiter that uses the server at `url`, when it is there.
    ///
    /// # Errors
    /// When the address makes no sense. A server that is away is no error.
    pub fn new(
        url: &str,
        clock: Arc<dyn Clock>,
        local: LocalLimiter,
    ) -> Result<Self, RedisLimiterError> {
        Ok(Self {
            client: Client::open(url).map_err(RedisLimiterError)?,
            connection: OnceCell::new(),
            script: Script::new(SCRIPT),
            local,
            clock,
            avoid_until_ms: AtomicI64::new(0),
            trouble: Mutex::new(None),
        })
    }

    async fn ask(&self, key: &str, limit: Limit) -> redis::RedisResult<Decision> {
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
        let (allowed, remaining, reset_s): (u8, u32, u32) = self
            .script
            .key(format!("ai-tickets:limit:{key}"))
            .arg(limit.requests)
            .arg(i64::from(limit.window_s.max(1)) * 1000)
            .invoke_async(&mut connection.clone())
            .await?;
        Ok(Decision { allowed: allowed == 1, remaining, reset_s })
    }

    fn note(&self, trouble: Option<String>) {
        let mut noted = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*noted, &trouble) {
            (None, Some(why)) => {
                tracing::warn!(%why, "Redis is away; requests are counted in this process");
            }
            (Some(_), None) => tracing::info!("Redis is back; requests are counted there"),
            _ => {}
        }
        *noted = trouble;
    }
}

impl RateLimiter for RedisLimiter {
    fn hit<'a>(&'a self, key: &'a str, limit: Limit) -> BoxFuture<'a, Decision> {
        Box::pin(async move {
            let now_ms = self.clock.now().timestamp_millis();
            if limit.requests == 0 || now_ms < self.avoid_until_ms.load(Ordering::Relaxed) {
                return self.local.hit_now(key, limit);
            }
            match tokio::time::timeout(PATIENCE, self.ask(key, limit)).await {
                Ok(Ok(decision)) => {
                    self.note(None);
                    decision
                }
                failed => {
                    let why = match failed {
                        Ok(Err(e)) => e.category().to_owned(),
                        _ => format!("no answer within {} ms", PATIENCE.as_millis()),
                    };
                    self.note(Some(format!("REDIS_URL: {why}; requests are counted locally")));
                    self.avoid_until_ms.store(now_ms + RECOVERY_MS, Ordering::Relaxed);
                    self.local.hit_now(key, limit)
                }
            }
        })
    }

    fn degraded(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
