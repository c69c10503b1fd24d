//! Traces that go on elsewhere: a request's from the caller who sent it, and a job's link to the request that
//! made it necessary.
//!
//! Where no trace is sent, all of this does nothing.

use std::collections::HashMap;

use opentelemetry::{
    Context, global,
    propagation::Extractor,
    trace::{SpanContext, TraceContextExt},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The member of a job's payload that names the span which added it (W3C Trace Context).
pub(crate) const MEMBER: &str = "traceparent";

/// Lets a span that has not begun yet be a part of its caller's trace, if headers name one.
pub fn continue_from(span: &Span, headers: &dyn Extractor) {
    if span.is_disabled() {
        return;
    }
    let caller =
        global::get_text_map_propagator(|p| p.extract_with_context(&Context::new(), headers));
    if caller.has_active_span() {
        // It fails where the span has begun, and then belongs somewhere already.
        let _ = span.set_parent(caller);
    }
}

/// The span that is open here and now, as `traceparent` names it; `None` where none is sent.
pub(crate) fn here() -> Option<String> {
    let context = Context::current();
    if !context.span().span_context().is_sampled() {
        return None;
    }
    let mut told = HashMap::new();
    global::get_text_map_propagator(|p| p.inject_context(&context, &mut told));
    told.remove(MEMBER)
}

/// Links a span to the one that a payload names.
pub(crate) fn link(span: &Span, payload: &str) {
    if span.is_disabled() {
        return;
    }
    if let Some(context) = named(payload) {
        span.add_link(context);
    }
}

fn named(payload: &str) -> Option<SpanContext> {
    #[derive(serde::Deserialize)]
    struct Payload {
        traceparent: String,
    }
    let Payload { traceparent } = serde_json::from_str(payload).ok()?;
    let told = HashMap::from([(MEMBER.to_owned(), traceparent)]);
    let context =
        global::get_text_map_propagator(|p| p.extract_with_context(&Context::new(), &told));
    Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
}
