//! One call of a model.

use std::time::Instant;

use atc_core::observe::TRACES;
use tracing::{Instrument, Span, field::Empty};

/// A call of a model: who answers, which model, and what it is asked for. Few words each, from the code or the
/// configuration: they become labels and attributes, and nothing of what is asked or answered does.
#[derive(Debug, Clone, Copy)]
pub struct ModelCall<'a> {
    /// `local`, or the name of a provider.
    pub provider: &'a str,
    /// The model, as its provider calls it.
    pub model: &'a str,
    /// `chat`, `embeddings`, `triage`, …
    pub operation: &'static str,
}

/// Makes a call of a model and watches it: a span `<operation> <model>`, with the names of OpenTelemetry's
/// conventions for generative AI; `model_call_seconds`; and `model_calls_total` by outcome, which is `ok`, what
/// `failed` says of an error in a word, or `given_up` where whoever waited for it does not any more.
///
/// # Errors
/// Those of the call.
pub async fn model_call<T, E>(
    call: ModelCall<'_>,
    work: impl Future<Output = Result<T, E>>,
    failed: impl FnOnce(&E) -> &'static str,
) -> Result<T, E> {
    let ModelCall { provider, model, operation } = call;
    let span = tracing::info_span!(
        target: TRACES,
        "model call",
        otel.name = format!("{operation} {model}"),
        otel.kind = if provider == "local" { "internal" } else { "client" },
        otel.status_code = Empty,
        gen_ai.provider.name = provider,
        gen_ai.request.model = model,
        gen_ai.operation.name = operation,
        error.type = Empty,
    );
    let mut watch = Watch { call, begun: Instant::now(), outcome: "given_up", span: span.clone() };
    let answer = work.instrument(span).await;
    watch.outcome = answer.as_ref().err().map_or(OK, failed);
    answer
}

const OK: &str = "ok";

/// Counts the call when it ends, or when it is dropped.
struct Watch<'a> {
    call: ModelCall<'a>,
    begun: Instant,
    outcome: &'static str,
    span: Span,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let outcome = self.outcome;
        if outcome != OK {
            self.span.record("error.type", outcome).record("otel.status_code", "error");
        }
        let operation = self.call.operation;
        let (provider, model) = (self.call.provider.to_owned(), self.call.model.to_owned());
        metrics::histogram!("model_call_seconds", "provider" => provider.clone(),
            "model" => model.clone(), "operation" => operation)
        .record(self.begun.elapsed());
        metrics::counter!("model_calls_total", "provider" => provider, "model" => model,
            "operation" => operation, "outcome" => outcome)
        .increment(1);
    }
}
