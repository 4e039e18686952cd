//! Records as OTLP requests: logs, metrics and traces, in protocol buffers or JSON. See `docs/otlp.md`.
//!
//! The mapping is written once, over [`Writer`](writer::Writer); it reads canonical records and copies their texts.
//! Structures generated from the definitions take 1.5 times as long with reading, and 1.7 times without (`cargo bench
//! --bench otlp`), so `opentelemetry-proto` is the oracle of the tests instead.

mod fields;
mod json;
mod log;
mod metric;
mod protobuf;
mod record;
mod response;
mod span;
#[cfg(test)]
mod tests;
mod value;
mod writer;

use self::fields::envelope;
use self::json::Json;
use self::metric::Point;
use self::protobuf::Protobuf;
use self::record::Record;
use self::value::key_value;
use self::writer::{Field, Writer, field};
use crate::config::OtlpProtocol;
use crate::export::{Failure, Signal, Verdict};
use crate::json::Document;
use crate::record::RecordKind;
use crate::scan::Lanes;

/// Names of the repeated fields that wrap a signal; their numbers are 1, 2 and 2 in all signals.
struct Frame {
    resources: Field,
    scopes: Field,
    items: Field,
}

const LOGS: Frame =
    Frame { resources: field(1, "resourceLogs"), scopes: field(2, "scopeLogs"), items: field(2, "logRecords") };
const METRICS: Frame =
    Frame { resources: field(1, "resourceMetrics"), scopes: field(2, "scopeMetrics"), items: field(2, "metrics") };
const TRACES: Frame =
    Frame { resources: field(1, "resourceSpans"), scopes: field(2, "scopeSpans"), items: field(2, "spans") };

/// A request's body, and how many of the records are not in it because they have no form in OTLP.
pub(crate) struct Encoded {
    pub(crate) body: Vec<u8>,
    pub(crate) left_out: u64,
}

/// The request that carries canonical records of one signal. `resource` is a JSON object of attributes.
pub(crate) fn encode(signal: Signal, protocol: OtlpProtocol, resource: &str, records: &[&str]) -> Encoded {
    match protocol {
        OtlpProtocol::HttpProtobuf => {
            let mut out = Protobuf(Vec::with_capacity(size(resource, records) + size(resource, records) / 4));
            let left_out = request(&mut out, signal, resource, records);
            Encoded { body: out.0, left_out }
        }
        OtlpProtocol::HttpJson => {
            let mut out = Json::default();
            let mut left_out = 0;
            out.object(|out| left_out = request(out, signal, resource, records));
            Encoded { body: out.out.into_bytes(), left_out }
        }
    }
}

/// Reads what the receiver answers to `records` records.
pub(crate) fn verdict(protocol: OtlpProtocol, body: &[u8], records: u64) -> Result<Verdict, Failure> {
    match protocol {
        OtlpProtocol::HttpProtobuf => response::protobuf(body, records),
        OtlpProtocol::HttpJson => response::json(body, records),
    }
}

fn request<W: Writer>(out: &mut W, signal: Signal, resource: &str, records: &[&str]) -> u64 {
    let frame = match signal {
        Signal::Logs => LOGS,
        Signal::Metrics => METRICS,
        Signal::Traces => TRACES,
    };
    let mut left_out = 0;
    let size = size(resource, records);
    out.element(frame.resources, size, |out| {
        out.message(envelope::RESOURCE, |out| resource_attributes(out, resource));
        out.element(frame.scopes, size, |out| {
            out.message(envelope::SCOPE, |out| {
                out.string(envelope::SCOPE_NAME, "scrubjay");
                out.string(envelope::SCOPE_VERSION, env!("CARGO_PKG_VERSION"));
            });
            left_out = match signal {
                Signal::Logs => each(out, records, |out, record| {
                    let size = record.document.input().len();
                    out.element(frame.items, size, |out| log::log_record(out, record));
                    true
                }),
                Signal::Traces => each(out, records, |out, record| {
                    let has_ids = span::has_ids(record);
                    if has_ids {
                        out.element(frame.items, record.document.input().len(), |out| span::span(out, record));
                    }
                    has_ids
                }),
                Signal::Metrics => points(out, frame.items, records),
            };
        });
    });
    left_out
}

/// About as many bytes as a request has: OTLP is as long as the JSON.
fn size(resource: &str, records: &[&str]) -> usize {
    resource.len() + records.iter().map(|record| record.len()).sum::<usize>()
}

fn resource_attributes<W: Writer>(out: &mut W, resource: &str) {
    if let Ok(document) = Document::read(resource.as_bytes(), Lanes::none()) {
        for (name, value) in document.members(0) {
            key_value(out, envelope::RESOURCE_ATTRIBUTES, &document, name, value);
        }
    }
}

/// Writes what `write` writes of each record, and counts those of which it wrote nothing.
fn each<W: Writer>(out: &mut W, records: &[&str], mut write: impl FnMut(&mut W, &mut Record<'_>) -> bool) -> u64 {
    let mut left_out = 0;
    for text in records {
        let document = Document::read(text.as_bytes(), Lanes::none());
        let is_written =
            document.is_ok_and(|document| Record::read(&document).is_some_and(|mut record| write(out, &mut record)));
        left_out += u64::from(!is_written);
    }
    left_out
}

fn points<W: Writer>(out: &mut W, items: Field, records: &[&str]) -> u64 {
    let documents: Vec<Document<'_>> =
        records.iter().filter_map(|text| Document::read(text.as_bytes(), Lanes::none()).ok()).collect();
    let points: Vec<Point<'_>> = documents
        .iter()
        .filter_map(Record::read)
        .filter(|record| record.kind == RecordKind::Metric)
        .filter_map(Point::read)
        .collect();
    metric::metrics(out, items, &points);
    (records.len() - points.len()) as u64
}
