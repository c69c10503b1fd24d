//! Which traces are sent.

use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanKind, TraceContextExt, TraceId},
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Sends this share of the traces, chosen by their ids, so that programs with the same share choose alike. What
/// begins here decides for its parts. A transaction or a call that belongs to nothing, as when the worker looks for
/// jobs, begins no trace. A caller may keep its trace from being sent, and cannot have more of them
/// sent than the share: whoever calls may be anybody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share(pub f64);

impl ShouldSample for Share {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let by_id = Sampler::TraceIdRatioBased(self.0);
        let mut result = by_id.should_sample(parent, trace_id, name, kind, attributes, links);
        let parent = parent.filter(|cx| cx.has_active_span());
        let caller = parent.map(|cx| cx.span().span_context().clone());
        match caller {
            None if *kind == SpanKind::Client => result.decision = SamplingDecision::Drop,
            Some(caller) if !caller.is_sampled() => result.decision = SamplingDecision::Drop,
            Some(caller) if !caller.is_remote() => {
                result.decision = SamplingDecision::RecordAndSample;
            }
            _ => {}
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceState};

    use super::*;

    fn sent(share: f64, caller: Option<(bool, bool)>, kind: &SpanKind) -> bool {
        let id = TraceId::from_bytes([0xff; 16]);
        let parent = caller.map(|(remote, sampled)| {
            let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
            let span = SpanId::from_bytes([1; 8]);
            let context = SpanContext::new(id, span, flags, remote, TraceState::default());
            Context::new().with_remote_span_context(context)
        });
        let result = Share(share).should_sample(parent.as_ref(), id, "", kind, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn a_caller_may_ask_for_less_and_never_for_more() {
        let (remote, local) = (true, false);
        let sent = |share, caller| sent(share, caller, &SpanKind::Server);
        assert!(sent(1.0, None) && !sent(0.0, None) && !sent(0.5, None), "the id is a high one");
        assert!(sent(1.0, Some((remote, true))) && !sent(1.0, Some((remote, false))));
        assert!(!sent(0.0, Some((remote, true))) && !sent(0.5, Some((remote, true))));
        assert!(sent(0.0, Some((local, true))) && !sent(1.0, Some((local, false))));
    }

    #[test]
    fn a_part_of_nothing_begins_no_trace() {
        assert!(!sent(1.0, None, &SpanKind::Client));
        assert!(sent(1.0, Some((false, true)), &SpanKind::Client));
    }
}
