//! What others send, made into records: OTLP requests of any OpenTelemetry SDK, and bodies compressed with zstd.
//!
//! A request becomes bodies of JSON lines, which take the one path that all records take: they are divided, validated,
//! scrubbed and kept like any others. What our own client exported comes back as the record that it was; what others
//! sent becomes log, metric and span records, see `docs/collector.md`.

mod answer;
mod attributes;
mod check;
mod decode;
mod forward;
mod inflate;
mod log;
mod metric;
mod own;
mod span;
#[cfg(test)]
mod tests;
mod text;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use sha2::{Digest, Sha256};

pub(crate) use self::answer::{answer, refusal};
pub(crate) use self::check::check;
pub(crate) use self::forward::forwarded;
pub(crate) use self::inflate::inflate_zstd;
use crate::error::{Error, ErrorKind, Result};
use crate::record::limits::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES};

/// OTLP's signals; profiles are not received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Logs,
    Metrics,
    Traces,
}

impl Signal {
    /// Reads the last part of the route: `logs`, `metrics` or `traces`.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match name {
            "logs" => Ok(Self::Logs),
            "metrics" => Ok(Self::Metrics),
            "traces" => Ok(Self::Traces),
            _ => Err(Error::new(ErrorKind::ArgumentInvalid, "/signal", "expected logs, metrics or traces")),
        }
    }
}

/// How an OTLP request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// Reads `protobuf` or `json`.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match name {
            "protobuf" => Ok(Self::Protobuf),
            "json" => Ok(Self::Json),
            _ => Err(Error::new(ErrorKind::ArgumentInvalid, "/encoding", "expected protobuf or json")),
        }
    }
}

/// A request as records.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// JSON lines, each body within the bounds of a batch.
    pub(crate) bodies: Vec<String>,
    /// Log records, data points or spans that no record can say.
    pub(crate) rejected: u64,
    /// Why the first of those was rejected.
    pub(crate) reason: &'static str,
}

/// The records of an OTLP request.
///
/// # Errors
/// `batch_unreadable` where the body is no such request; OTLP answers 400 then.
pub(crate) fn convert(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<Received> {
    let mut sink = Sink { received: Received::default(), records: 0, ids: Ids::of(body) };
    match signal {
        Signal::Logs => {
            for resource in decode::logs(encoding, body)?.resource_logs {
                for scope in &resource.scope_logs {
                    let origin = Origin::new(resource.resource.as_ref(), scope.scope.as_ref());
                    scope.log_records.iter().for_each(|record| log::take(record, &origin, &mut sink));
                }
            }
        }
        Signal::Metrics => {
            for resource in decode::metrics(encoding, body)?.resource_metrics {
                for scope in &resource.scope_metrics {
                    let origin = Origin::new(resource.resource.as_ref(), scope.scope.as_ref());
                    scope.metrics.iter().for_each(|metric| metric::take(metric, &origin, &mut sink));
                }
            }
        }
        Signal::Traces => {
            for resource in decode::traces(encoding, body)?.resource_spans {
                for scope in &resource.scope_spans {
                    let origin = Origin::new(resource.resource.as_ref(), scope.scope.as_ref());
                    scope.spans.iter().for_each(|span| span::take(span, &origin, &mut sink));
                }
            }
        }
    }
    Ok(sink.received)
}

/// Who produced telemetry.
struct Origin<'a> {
    resource: Option<&'a Resource>,
    scope: Option<&'a InstrumentationScope>,
}

/// The scope under which our own clients export.
const OWN_SCOPE: &str = "scrubjay";

impl<'a> Origin<'a> {
    fn new(resource: Option<&'a Resource>, scope: Option<&'a InstrumentationScope>) -> Self {
        Self { resource, scope }
    }

    /// Whether one of our own clients exported this, which has records with ids of their own.
    fn is_own(&self) -> bool {
        self.scope.is_some_and(|scope| scope.name == OWN_SCOPE)
    }

    fn service_name(&self) -> Option<&'a str> {
        let resource = self.resource?;
        let found = resource.attributes.iter().find(|attribute| attribute.key == "service.name")?;
        attributes::string(found.value.as_ref()?)
    }

    fn scope_name(&self) -> Option<&'a str> {
        self.scope.map(|scope| scope.name.as_str()).filter(|name| !name.is_empty())
    }
}

/// Takes records into bodies.
struct Sink {
    received: Received,
    /// In the last body.
    records: usize,
    ids: Ids,
}

impl Sink {
    fn push(&mut self, record: &str) {
        // A longer line could make a whole body unreadable; the engine would drop the record anyway.
        if record.len() > MAX_RECORD_BYTES {
            return self.reject("larger than a record may be");
        }
        let is_full = self
            .received
            .bodies
            .last()
            .is_none_or(|body| self.records == MAX_BATCH_RECORDS || body.len() + record.len() >= MAX_BATCH_BYTES);
        if is_full {
            self.received.bodies.push(String::new());
            self.records = 0;
        }
        if let Some(body) = self.received.bodies.last_mut() {
            body.push_str(record);
            body.push('\n');
            self.records += 1;
        }
    }

    fn reject(&mut self, reason: &'static str) {
        if self.received.rejected == 0 {
            self.received.reason = reason;
        }
        self.received.rejected += 1;
    }
}

/// Ids for what has none: derived from the request's bytes, so that a request that is sent again, which is how OTLP
/// retries, gives the same ids and is stored once.
struct Ids {
    digest: [u8; 32],
    given: u64,
}

impl Ids {
    fn of(body: &[u8]) -> Self {
        Self { digest: Sha256::digest(body).into(), given: 0 }
    }

    /// A UUID of version 8: RFC 9562's for values that are made by a rule of one's own.
    fn next(&mut self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update(self.given.to_be_bytes());
        self.given += 1;
        let mut bytes = [0; 16];
        for (place, byte) in bytes.iter_mut().zip(hash.finalize()) {
            *place = byte;
        }
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }
}
