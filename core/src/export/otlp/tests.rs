//! The encoder against OpenTelemetry's own types: what they read is what was meant.

mod fields;
mod oracle;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde::de::DeserializeOwned;

use super::*;

const RESOURCE: &str = r#"{"service.name":"shop","ports":[1,2.5,true]}"#;

/// What OpenTelemetry's types read of a request, which must be the same in both encodings, and no longer than what
/// they write themselves.
fn decoded<T: Message + DeserializeOwned + Default + PartialEq + std::fmt::Debug>(
    signal: Signal,
    records: &[&str],
) -> (T, u64) {
    let binary = encode(signal, OtlpProtocol::HttpProtobuf, RESOURCE, records);
    let text = encode(signal, OtlpProtocol::HttpJson, RESOURCE, records);
    let from_binary = T::decode(binary.body.as_slice()).expect("protocol buffers");
    let json = String::from_utf8(text.body).expect("UTF-8");
    let from_json: T = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
    assert!(from_binary == from_json, "{from_binary:?}\n{from_json:?}\n{json}");
    // A payload's nameless members: their keys are written though they are the default, as JSON's readers want them.
    let nameless = json.matches(r#""key":"""#).count() * 2;
    assert_eq!(from_binary.encoded_len() + nameless, binary.body.len(), "nothing twice, no default: {from_binary:?}");
    assert_eq!(binary.left_out, text.left_out);
    (from_binary, binary.left_out)
}

fn logs(records: &[&str]) -> Vec<LogRecord> {
    let (request, left_out): (ExportLogsServiceRequest, _) = decoded(Signal::Logs, records);
    assert_eq!(left_out, 0);
    request.resource_logs.into_iter().flat_map(|r| r.scope_logs).flat_map(|s| s.log_records).collect()
}

fn metrics(records: &[&str]) -> Vec<Metric> {
    let (request, left_out): (ExportMetricsServiceRequest, _) = decoded(Signal::Metrics, records);
    assert_eq!(left_out, 0);
    request.resource_metrics.into_iter().flat_map(|r| r.scope_metrics).flat_map(|s| s.metrics).collect()
}

fn spans(records: &[&str]) -> Vec<Span> {
    let (request, _): (ExportTraceServiceRequest, _) = decoded(Signal::Traces, records);
    request.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans).collect()
}

fn string(text: &str) -> AnyValue {
    AnyValue { value: Some(Any::StringValue(text.to_owned())) }
}

/// Attributes by name, values as JSON; names must be unique.
fn attributes(of: &[KeyValue]) -> serde_json::Map<String, serde_json::Value> {
    let mut map = serde_json::Map::new();
    for KeyValue { key, value, .. } in of {
        let value = value.as_ref().map_or(serde_json::Value::Null, oracle::json);
        assert!(map.insert(key.clone(), value).is_none(), "{key} twice in {of:?}");
    }
    map
}

#[test]
fn a_request_says_who_sends_and_what_made_it() {
    let record = r#"{"schema":"telemetry_event_v1","timestamp":"2026-01-02T03:04:05.000000Z","channel":"app","event":"e","payload":{}}"#;
    let (request, _): (ExportLogsServiceRequest, _) = decoded(Signal::Logs, &[record]);
    let resource = request.resource_logs[0].resource.clone().unwrap();
    assert_eq!(
        serde_json::Value::from(attributes(&resource.attributes)),
        serde_json::json!({"service.name": "shop", "ports": ["1", 2.5, true]}),
        "64-bit integers are strings in this test's JSON"
    );
    let scope = request.resource_logs[0].scope_logs[0].scope.clone().unwrap();
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("scrubjay", env!("CARGO_PKG_VERSION")));
}

#[test]
fn json_has_ids_in_hex_enumerations_as_integers_and_64_bits_as_strings() {
    let span = r#"{"schema":"telemetry_span_v1","timestamp":"2026-01-02T03:04:05.000000Z","trace_id":"0AF7651916CD43DD8448EB211C80319C","span_id":"b7ad6b7169203331","name":"n","kind":"server","start_time_unix_nano":"1767323045000000000","end_time_unix_nano":"1767323045250000001","attributes":{"n":9007199254740993},"status":{"code":"error"}}"#;
    let body = encode(Signal::Traces, OtlpProtocol::HttpJson, "{}", &[span]).body;
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let span = &body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span["spanId"], "b7ad6b7169203331");
    assert_eq!([&span["kind"], &span["status"]["code"]], [2, 2]);
    assert_eq!(span["endTimeUnixNano"], "1767323045250000001");
    let attributes = span["attributes"].as_array().unwrap();
    assert!(attributes.iter().any(|a| a["value"]["intValue"] == "9007199254740993"), "{span}");
}

#[test]
fn what_is_no_record_is_left_out_and_counted() {
    let span = r#"{"schema":"telemetry_span_v1","timestamp":"2026-01-02T03:04:05.000000Z","trace_id":"[secret]","span_id":"b7ad6b7169203331","name":"n","start_time_unix_nano":"1","end_time_unix_nano":"2"}"#;
    let zero = span.replace("[secret]", &"0".repeat(32));
    let (request, left_out): (ExportTraceServiceRequest, _) = decoded(Signal::Traces, &[span, &zero, "", "[]", "{}"]);
    assert_eq!(left_out, 5);
    assert!(request.resource_spans[0].scope_spans[0].spans.is_empty());
}
