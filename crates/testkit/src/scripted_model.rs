//! Language models that answer what a test says, in this process.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use atc_core::{
    agent::{
        AgentName, AgentSettings, AiSettings, ApiKey, Budget, ModelRef, Provider, ProviderKind,
        ProviderName,
    },
    chat::{ChatAnswer, ChatError, ChatErrorKind, ChatRequest, Stop, ToolCall, Usage},
    json::RawJson,
    ports::{
        AiConfigFaults, AiSource, BoxFuture, ChatModel, ChatModels, Deltas, EngineState,
        ProviderStatus,
    },
};

/// How a test answers a request.
pub type Script = dyn Fn(&ChatRequest) -> Result<ChatAnswer, ChatError> + Send + Sync;

/// A language model that a test holds in its hand: it answers in the order that it was told, or by a script,
/// and remembers what it was asked. Clones are the same model.
#[derive(Clone, Default)]
pub struct ScriptedModel {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    answers: Mutex<VecDeque<Result<ChatAnswer, ChatError>>>,
    script: Mutex<Option<Arc<Script>>>,
    asked: Mutex<Vec<ChatRequest>>,
    keys: Mutex<Vec<Option<ApiKey>>>,
    hangs: Mutex<bool>,
    dropped: AtomicUsize,
}

impl ScriptedModel {
    /// Answers this text next, after what it was told before.
    pub fn say(&self, text: &str) {
        self.answer(Ok(answer(text)));
    }

    /// Fails this way next.
    pub fn fail(&self, kind: ChatErrorKind) {
        self.answer(Err(ChatError::new(kind, "as the test says")));
    }

    /// Answers this next.
    pub fn answer(&self, next: Result<ChatAnswer, ChatError>) {
        lock(&self.inner.answers).push_back(next);
    }

    /// Answers by a script whatever it was not told an answer for.
    pub fn script(
        &self,
        script: impl Fn(&ChatRequest) -> Result<ChatAnswer, ChatError> + Send + Sync + 'static,
    ) {
        *lock(&self.inner.script) = Some(Arc::new(script));
    }

    /// From now on does not answer at all, until the time is up.
    pub fn hang(&self) {
        *lock(&self.inner.hangs) = true;
    }

    /// What it was asked, oldest first.
    pub fn asked(&self) -> Vec<ChatRequest> {
        lock(&self.inner.asked).clone()
    }

    /// The keys that connections to it were made with, oldest first.
    pub fn keys(&self) -> Vec<Option<ApiKey>> {
        lock(&self.inner.keys).clone()
    }

    /// How many calls nobody waited for to the end while it hung.
    pub fn dropped(&self) -> usize {
        self.inner.dropped.load(Ordering::Relaxed)
    }

    fn next(&self, request: &ChatRequest) -> Result<ChatAnswer, ChatError> {
        lock(&self.inner.asked).push(request.clone());
        if let Some(answer) = lock(&self.inner.answers).pop_front() {
            return answer;
        }
        let script = lock(&self.inner.script).clone();
        script.map_or_else(
            || Err(ChatError::new(ChatErrorKind::Overloaded, "the test told it no more answers")),
            |script| script(request),
        )
    }
}

/// A call that hangs; counts when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl ChatModel for ScriptedModel {
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        within: Duration,
        deltas: Option<Deltas<'a>>,
    ) -> BoxFuture<'a, Result<ChatAnswer, ChatError>> {
        Box::pin(async move {
            let answer = self.next(request);
            if *lock(&self.inner.hangs) {
                let waiting = Waiting(&self.inner.dropped);
                tokio::time::sleep(within).await;
                std::mem::forget(waiting);
                return Err(ChatError::new(ChatErrorKind::TimedOut, "the time was up"));
            }
            if let (Ok(answer), Some(tell)) = (&answer, deltas) {
                for word in answer.text.split_inclusive(' ') {
                    tell(word);
                    tokio::task::yield_now().await;
                }
            }
            answer
        })
    }

    fn status(&self) -> ProviderStatus {
        ProviderStatus {
            state: EngineState::Ready,
            last_error: None,
            calls: lock(&self.inner.asked).len() as u64,
            errors: 0,
            p50_ms: 0.0,
            p95_ms: 0.0,
        }
    }
}

impl ChatModels for ScriptedModel {
    fn connect(&self, _: &Provider, key: Option<ApiKey>) -> Result<Arc<dyn ChatModel>, ChatError> {
        lock(&self.inner.keys).push(key);
        Ok(Arc::new(self.clone()))
    }
}

/// Settings that a test may change between two reloads. Clones are the same.
#[derive(Clone, Default)]
pub struct TestAiSource(Arc<Mutex<AiSettings>>);

impl TestAiSource {
    /// Says something else from the next reload on.
    pub fn set(&self, settings: AiSettings) {
        *lock(&self.0) = settings;
    }
}

impl AiSource for TestAiSource {
    fn load(&self) -> Result<AiSettings, AiConfigFaults> {
        Ok(lock(&self.0).clone())
    }
}

/// Both agents ask the models of this chain, all of one provider named `test`.
#[must_use]
pub fn ai_settings(models: &[&str]) -> AiSettings {
    let name = ProviderName::parse("test").expect("a name");
    let provider = Provider {
        name: name.clone(),
        kind: ProviderKind::Compatible,
        base_url: Some("http://127.0.0.1:9/v1".to_owned()),
        key: None,
        timeout: Duration::from_secs(5),
        max_retries: 0,
        max_concurrent: 8,
        redact: true,
    };
    let model = |model: &&str| ModelRef { provider: name.clone(), model: (*model).to_owned() };
    let agent = AgentSettings {
        chain: models.iter().map(model).collect(),
        shadow: None,
        temperature: None,
        max_tokens: 1_000,
        deadline: Duration::from_secs(5),
        instructions: None,
        tools: None,
        max_steps: 6,
        budget: Budget::default(),
    };
    AiSettings {
        providers: vec![provider],
        agents: AgentName::ALL.into_iter().map(|name| (name, agent.clone())).collect(),
        ..AiSettings::default()
    }
}

/// A complete answer of words.
#[must_use]
pub fn answer(text: &str) -> ChatAnswer {
    ChatAnswer {
        text: text.to_owned(),
        calls: Vec::new(),
        stop: Stop::End,
        usage: Usage { input_tokens: 100, output_tokens: 10 },
        model: "test".to_owned(),
    }
}

/// An answer that calls one tool.
#[must_use]
pub fn calls(name: &str, arguments: &serde_json::Value) -> ChatAnswer {
    let call = ToolCall {
        id: "call-1".to_owned(),
        name: name.to_owned(),
        arguments: RawJson::trusted(arguments.to_string()),
    };
    ChatAnswer { calls: vec![call], stop: Stop::ToolCalls, ..answer("") }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
