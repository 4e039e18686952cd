//! A client that exports OTLP, read by OpenTelemetry's own types at a real server.

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::Value;

use super::server::{Answer, Request, Server};
use super::{PATIENCE, client, stats, track};
use crate::client::Client;
use crate::config::{ClientConfig, Compression, ExporterKind, OtlpProtocol};
use crate::{Measurement, MetricKind};

const SPAN: &[u8] = br#"{"schema":"telemetry_span_v1","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","name":"GET","start_time_unix_nano":"1","end_time_unix_nano":"2"}"#;

fn otlp(config: &mut ClientConfig) {
    config.export.exporter = ExporterKind::Otlp;
}

fn path(request: &Request) -> &str {
    request.head.split(' ').nth(1).unwrap()
}

/// One record of each signal.
fn track_all(client: &Client) {
    track(client, [1]);
    assert!(client.track(SPAN));
    let measurement = Measurement { name: "jobs", kind: MetricKind::Counter, unit: "1", value: 2.0, attributes: "" };
    assert!(client.measure(&measurement));
}

#[test]
fn each_signal_goes_to_its_route_in_protocol_buffers() {
    let server = Server::start(|_| Answer::Body(String::new()));
    let client = client(&server.endpoint(), otlp);
    track_all(&client);
    assert!(client.flush(PATIENCE));
    let requests = server.rest();
    assert_eq!(requests.iter().map(path).collect::<Vec<_>>(), ["/v1/logs", "/v1/metrics", "/v1/traces"]);
    for line in ["content-type: application/x-protobuf", "content-encoding: gzip"] {
        assert!(requests[0].head.lines().any(|header| header == line), "{line} in {}", requests[0].head);
    }
    assert!(requests[0].head.contains(concat!(
        "user-agent: scrubjay/",
        env!("CARGO_PKG_VERSION"),
        " otel-otlp-exporter-rust/"
    )));
    let logs = ExportLogsServiceRequest::decode(requests[0].bytes.as_slice()).unwrap();
    assert_eq!(logs.resource_logs[0].scope_logs[0].log_records[0].event_name, "app.e0001");
    let metrics = ExportMetricsServiceRequest::decode(requests[1].bytes.as_slice()).unwrap();
    assert_eq!(metrics.resource_metrics[0].scope_metrics[0].metrics[0].name, "jobs");
    let spans = ExportTraceServiceRequest::decode(requests[2].bytes.as_slice()).unwrap();
    assert_eq!(spans.resource_spans[0].scope_spans[0].spans[0].name, "GET");
    assert_eq!([&stats(&client)["delivered"], &stats(&client)["requests"]], [3, 3]);
}

#[test]
fn json_says_the_same_under_the_same_routes() {
    for compression in [Compression::Gzip, Compression::Zstd, Compression::None] {
        let server = Server::start(|_| Answer::Body("{}".to_owned()));
        let client = client(&server.endpoint(), |config| {
            otlp(config);
            config.export.protocol = OtlpProtocol::HttpJson;
            config.export.compression = compression;
        });
        track_all(&client);
        assert!(client.flush(PATIENCE));
        let requests = server.rest();
        assert_eq!(requests.iter().map(path).collect::<Vec<_>>(), ["/v1/logs", "/v1/metrics", "/v1/traces"]);
        assert!(requests.iter().all(|request| request.head.contains("content-type: application/json")));
        let logs: ExportLogsServiceRequest = serde_json::from_slice(&requests[0].bytes).unwrap();
        assert_eq!(logs.resource_logs[0].scope_logs[0].log_records[0].event_name, "app.e0001");
    }
}

#[test]
fn partial_success_is_counted_and_not_retried() {
    let partial = ExportLogsPartialSuccess { rejected_log_records: 2, error_message: "too old".to_owned() };
    let answer = serde_json::to_string(&ExportLogsServiceResponse { partial_success: Some(partial) }).unwrap();
    let server = Server::start(move |_| Answer::Body(answer.clone()));
    let client = client(&server.endpoint(), |config| {
        otlp(config);
        config.export.protocol = OtlpProtocol::HttpJson;
    });
    track(&client, 0..5);
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["delivered"], &stats["dropped"]["rejected"], &stats["requests"]], [3, 2, 1]);
}

#[test]
fn a_warning_is_told_and_costs_nothing() {
    let answer = r#"{"partialSuccess":{"errorMessage":"upgrade soon"}}"#;
    let server = Server::start(|_| Answer::Body(answer.to_owned()));
    let client = client(&server.endpoint(), |config| {
        otlp(config);
        config.export.protocol = OtlpProtocol::HttpJson;
    });
    track(&client, 0..2);
    assert!(client.flush(PATIENCE));
    assert_eq!(stats(&client)["delivered"], 2);
    assert_eq!(stats(&client)["last_error"], "accepted with a warning");
}

#[test]
fn a_span_without_ids_has_no_form_in_otlp_and_is_counted() {
    let server = Server::start(|_| Answer::Body(String::new()));
    let client = client(&server.endpoint(), otlp);
    let nameless = String::from_utf8(SPAN.to_vec()).unwrap().replace("b7ad6b7169203331", "0000000000000000");
    assert!(client.track(nameless.as_bytes()));
    assert!(client.flush(PATIENCE));
    assert!(server.rest().is_empty(), "no empty envelope");
    assert_eq!(stats(&client)["dropped"]["rejected"], 1);
}

#[test]
fn a_preview_shows_what_is_sent_byte_for_byte() {
    for protocol in [OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson] {
        let server = Server::start(|_| Answer::Body(String::new()));
        let client = client(&server.endpoint(), |config| {
            otlp(config);
            config.api_key = Some("hunter2".to_owned());
            config.export.protocol = protocol;
        });
        track(&client, 0..2);
        assert!(client.track(SPAN));
        let text = client.preview();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(server.rest().is_empty());
        let shown: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert!(client.flush(PATIENCE));
        let sent = server.rest();
        assert_eq!(shown.len(), sent.len());
        for (shown, sent) in shown.iter().zip(&sent) {
            let body = match shown["body_encoding"].as_str().unwrap() {
                "utf-8" => shown["body"].as_str().unwrap().as_bytes().to_vec(),
                _ => {
                    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, shown["body"].as_str().unwrap())
                        .unwrap()
                }
            };
            assert!(body == sent.bytes, "{shown}");
            assert!(shown["to"].as_str().unwrap().ends_with(path(sent)));
            assert_eq!(shown["headers"]["authorization"], "…");
            let length = sent.head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            assert_eq!(shown["bytes"].to_string(), length);
        }
    }
}

#[test]
fn a_client_that_is_off_previews_nothing() {
    let off = Client::with_world(&crate::Config::default(), &crate::client::switch::World::of(&|_| None)).unwrap();
    assert_eq!(off.preview(), "[]");
}
