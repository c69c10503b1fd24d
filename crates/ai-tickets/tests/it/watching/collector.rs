//! A collector of traces: takes OTLP over HTTP and keeps what it was sent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;

/// The headers of a request, and what it told.
type Sent = (Vec<String>, ExportTraceServiceRequest);

/// What it was sent.
#[derive(Clone, Default)]
struct Kept {
    requests: Arc<Mutex<Vec<Sent>>>,
}

/// A collector, which lives as long as the process of the test.
pub struct Collector {
    pub url: String,
    kept: Kept,
}

impl Collector {
    pub fn listen() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn on(listener: TcpListener) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Kept::default();
        let keeps = kept.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let keeps = keeps.clone();
                thread::spawn(move || serve(&stream.unwrap(), &keeps));
            }
        });
        Self { url, kept }
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<Span> {
        let requests = self.kept.requests.lock().unwrap();
        let resources = requests.iter().flat_map(|(_, request)| &request.resource_spans);
        resources.flat_map(|r| &r.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The first span of this name, once it is there.
    pub fn span(&self, name: &str) -> Span {
        let mut found = None;
        crate::program::eventually(name, || {
            found = self.spans().into_iter().find(|span| span.name == name);
            found.is_some()
        });
        found.unwrap()
    }

    /// Everything that was sent, as text: heads, and every word of every message.
    pub fn everything(&self) -> String {
        format!("{:?}", self.kept.requests.lock().unwrap())
    }

    /// The heads of the first request.
    pub fn head(&self) -> Vec<String> {
        self.kept.requests.lock().unwrap()[0].0.clone()
    }

    /// The name by which the sender is known.
    pub fn service_name(&self) -> String {
        let requests = self.kept.requests.lock().unwrap();
        let resource = requests[0].1.resource_spans[0].resource.clone().unwrap();
        text(&resource.attributes, "service.name").unwrap()
    }
}

/// The value of an attribute, as text.
pub fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match found.value.clone()?.value? {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

/// Serves a connection until it ends.
fn serve(stream: &TcpStream, kept: &Kept) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let length = head.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        kept.requests.lock().unwrap().push((head, request));
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}
