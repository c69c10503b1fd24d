//! Watching it: traces that a collector gets, metrics that Prometheus gets, and that neither is in the way.

mod collector;
mod metrics;
mod traces;
