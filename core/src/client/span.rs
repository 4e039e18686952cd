//! Spans by value: whoever has one makes its children, and passes it on.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::Client;
use crate::traceparent::SpanContext;

/// A unit of work from its start to its end, which is when it is dropped; then it is tracked as a `telemetry_span_v1`
/// record. Keeps nothing in the thread: a span is the current one of whatever is given it.
///
/// ```
/// use scrubjay_core::{Client, Config};
///
/// let client = Client::new(&Config::disabled()).unwrap();
/// let mut request = client.span("request").continuing("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
/// request.attribute("http.request.method", "GET");
/// let query = request.child("query");
/// assert_eq!(query.context().trace_id(), "0af7651916cd43dd8448eb211c80319c");
/// ```
#[must_use = "a span that is dropped at once measures nothing"]
pub struct Span<'a> {
    client: &'a Client,
    name: String,
    context: SpanContext,
    /// 16 hex digits; nothing for the root of a trace.
    parent: Option<String>,
    start: SystemTime,
    attributes: Map<String, Value>,
    /// Why it failed.
    failure: Option<String>,
}

impl Client {
    /// Starts a span: the root of a new trace, unless it [continues](Span::continuing) one.
    pub fn span(&self, name: impl Into<String>) -> Span<'_> {
        Span {
            client: self,
            name: name.into(),
            context: SpanContext::root(random()),
            parent: None,
            start: SystemTime::now(),
            attributes: Map::new(),
            failure: None,
        }
    }
}

impl<'a> Span<'a> {
    /// Puts it below the span that a `traceparent` header names; changes nothing where that is no valid header.
    pub fn continuing(mut self, traceparent: &str) -> Self {
        if let Some(parent) = SpanContext::parse(traceparent) {
            self.context = parent.child(random());
            self.parent = Some(parent.span_id());
        }
        self
    }

    /// Starts a span below this one.
    pub fn child(&self, name: impl Into<String>) -> Span<'a> {
        let mut child = self.client.span(name);
        child.context = self.context.child(random());
        child.parent = Some(self.context.span_id());
        child
    }

    /// Its place in its trace. As text it is the `traceparent` header of requests that are made within it.
    pub fn context(&self) -> SpanContext {
        self.context
    }

    /// Sets an attribute.
    pub fn attribute(&mut self, name: impl Into<String>, value: impl Into<Value>) -> &mut Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// Says that the work failed, and why.
    pub fn fail(&mut self, why: impl Into<String>) -> &mut Self {
        self.failure = Some(why.into());
        self
    }

    /// Ends it.
    pub fn end(self) {}
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        let mut record = json!({
            "schema": "telemetry_span_v1",
            "name": self.name,
            "trace_id": self.context.trace_id(),
            "span_id": self.context.span_id(),
            "start_time_unix_nano": nanoseconds(self.start),
            "end_time_unix_nano": nanoseconds(SystemTime::now().max(self.start)),
            "attributes": std::mem::take(&mut self.attributes),
        });
        if let Some(parent) = self.parent.take() {
            record["parent_span_id"] = parent.into();
        }
        if let Some(why) = self.failure.take() {
            record["status"] = json!({"code": "error", "message": why});
        }
        self.client.track(record.to_string().as_bytes());
    }
}

/// Since 1970 as decimal digits: more than a binary number of JSON holds.
fn nanoseconds(time: SystemTime) -> String {
    time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}

/// Zeros on a machine without a random source, which makes an id that is not zero, but not unique either.
fn random<const N: usize>() -> [u8; N] {
    let mut bits = [0; N];
    let _ = getrandom::fill(&mut bits);
    bits
}
