//! The keys of traces, by the names that OpenTelemetry gave them.

use std::{collections::HashMap, fmt};

use atc_net::Direct;
use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::{
    fault::{Noted, Reader},
    parse,
};

/// Where traces are sent, and how many.
#[derive(Clone)]
pub struct Traces {
    /// The collector's address.
    pub endpoint: String,
    /// Headers that it asks for.
    pub headers: HashMap<String, String>,
    /// By which name it knows this installation.
    pub service_name: String,
    /// Which share is sent, 0 to 1.
    pub share: f64,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces").field("share", &self.share).finish_non_exhaustive()
    }
}

impl Traces {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Option<Self>, Noted> {
        let example = "http://collector:4318";
        let endpoint = r.optional("OTEL_EXPORTER_OTLP_ENDPOINT", example, endpoint);
        let headers =
            r.optional("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=abc", parse::list(header));
        let name = r.required("OTEL_SERVICE_NAME", "ai-tickets", |text| Ok(text.to_owned()));
        let share = r.required("OTEL_TRACES_SAMPLER_ARG", "0.1", share);
        let (headers, service_name, share) = (headers?.unwrap_or_default(), name?, share?);
        Ok(endpoint?.map(|endpoint| Self {
            endpoint,
            headers: headers.into_iter().collect(),
            service_name,
            share,
        }))
    }
}

fn endpoint(text: &str) -> Result<String, String> {
    let wrong = "is no address that begins with http:// or https:// and holds no secret";
    Direct::address(text).map(|_| text.to_owned()).map_err(|_| wrong.to_owned())
}

/// A header as W3C Baggage writes it: percent signs stand for what may not stand there.
fn header(text: &str) -> Result<(String, String), String> {
    let wrong = || "is not made of headers such as name=value".to_owned();
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let name = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
    let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| wrong())?;
    HeaderValue::try_from(value.as_ref()).map_err(|_| wrong())?;
    Ok((name.as_str().to_owned(), value.into_owned()))
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "is not a number from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_headers() {
        assert!(
            endpoint("http://collector:4318").is_ok()
                && endpoint("https://c.example/otlp/").is_ok()
        );
        for bad in ["collector:4318", "grpc://collector:4317", "http://", "http://c/?x=1"] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
        let basic = ("authorization".to_owned(), "Basic dXNlcg==".to_owned());
        assert_eq!(header("Authorization=Basic%20dXNlcg=="), Ok(basic));
        for bad in ["", "name", "a b=c", "=c", "name=%0a", "name=%ff"] {
            assert!(header(bad).is_err(), "{bad}");
        }
    }
}
