//! What comes in as OTLP: ours as the records that they were, others' as records that the engine accepts.

use std::collections::BTreeSet;
use std::io::Read as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message;
use serde_json::{Value, json};

use super::answer::Status;
use super::{Encoding, Received, Signal, answer, convert, forwarded, inflate_zstd, refusal};
use crate::{Config, Engine, ErrorKind, Stamp};

fn engine() -> Engine {
    Engine::new(&Config::default()).unwrap()
}

fn from_json(signal: Signal, request: &Value) -> Received {
    convert(signal, Encoding::Json, request.to_string().as_bytes()).unwrap()
}

/// The records of a request after the engine, which must accept every one.
fn accepted(received: &Received) -> Vec<Value> {
    let lines = received.bodies.iter().flat_map(|body| body.lines());
    lines
        .map(|line| {
            let outcome = engine().process(line.as_bytes(), Some(&Stamp::now()));
            assert_eq!(outcome.violations, [], "{line}");
            serde_json::from_str(&outcome.record.unwrap()).unwrap()
        })
        .collect()
}

fn logs(record: &Value) -> Value {
    json!({"resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeLogs": [{"scope": {"name": "a.logger", "version": "2"}, "logRecords": [record]}]
    }]})
}

fn metrics(metric: &Value) -> Value {
    json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})
}

#[test]
fn a_foreign_log_record_becomes_an_entry_of_the_log() {
    let request = logs(&json!({
        "timeUnixNano": "1767323045000006000", "severityNumber": 18, "severityText": "ERROR2",
        "body": {"stringValue": "charge of ann@example.com failed"},
        "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174", "someday": {"new": true},
        "attributes": [
            {"key": "user.id", "value": {"intValue": "42"}},
            {"key": "client.address", "value": {"stringValue": "203.0.113.77"}},
            {"key": "http.route", "value": {"stringValue": "/pay/{id}"}},
            {"key": "large", "value": {"intValue": "9007199254740993"}},
            {"key": "share", "value": {"doubleValue": 1}},
            {"key": "none", "value": {"doubleValue": "NaN"}},
            {"key": "list", "value": {"arrayValue": {"values": [{"boolValue": true}, {"intValue": 7}, {}]}}}
        ]
    }));
    let records = accepted(&from_json(Signal::Logs, &request));
    let record = &records[0];
    assert_eq!(record["level"], "error");
    assert_eq!(record["component"], "shop");
    assert_eq!(record["message"], "charge of [email] failed");
    assert_eq!(record["timestamp"], "2026-01-02T03:04:05.000006Z");
    assert_eq!(record["user_id"], "[identifier]");
    assert_eq!(record["context"]["ip_address"], "203.0.113.0");
    assert_eq!(record["context"]["route_name"], "/pay/{id}");
    assert_eq!(record["context"]["trace_id"], "5b8efff798038103d269b633813fc60c");
    let metadata = &record["metadata"];
    assert_eq!(metadata["large"].to_string(), "9007199254740993");
    assert_eq!((&metadata["share"], &metadata["none"]), (&json!(1.0), &json!("NaN")));
    assert_eq!(metadata["list"], json!([true, 7, null]));
    assert_eq!(metadata["resource"]["service.name"], "shop");
    assert_eq!(metadata["scope"], json!({"name": "a.logger", "version": "2"}));
}

#[test]
fn a_log_record_of_nothing_is_accepted() {
    let records = accepted(&from_json(Signal::Logs, &logs(&json!({}))));
    assert_eq!((&records[0]["level"], &records[0]["event_type"]), (&json!("info"), &json!("log")));
}

#[test]
fn a_request_sent_again_gives_the_same_ids() {
    let request = logs(&json!({"body": {"stringValue": "once"}}));
    let [first, second] = [(), ()].map(|()| from_json(Signal::Logs, &request).bodies);
    assert_eq!(first, second);
    let other = from_json(Signal::Logs, &logs(&json!({"body": {"stringValue": "twice"}}))).bodies;
    assert_ne!(first[0][..70], other[0][..70]);
}

#[test]
fn points_of_all_kinds_become_metric_records() {
    let point = json!({"startTimeUnixNano": "1767323040000000000", "timeUnixNano": 1_767_323_045_000_000_000_u64,
        "asDouble": 2.5, "attributes": [{"key": "host", "value": {"stringValue": "a"}}]});
    let histogram = json!({"timeUnixNano": "1767323045000000000", "count": 3, "sum": 6.0, "min": 1.0, "max": 3.0,
        "bucketCounts": ["1", 2, "0"], "explicitBounds": [1.5, 3]});
    let exponential = json!({"timeUnixNano": "1767323045000000000", "count": "4", "sum": 7, "scale": 0, "zeroCount": "1",
        "positive": {"offset": 0, "bucketCounts": ["2", "1"]}});
    let summary = json!({"timeUnixNano": "1767323045000000000", "count": "2", "sum": 5,
        "quantileValues": [{"quantile": 0, "value": 1}, {"quantile": 1.0, "value": 4.0}]});
    let data = [
        ("counter", json!({"sum": {"dataPoints": [point], "isMonotonic": true, "aggregationTemporality": 2}})),
        ("updowncounter", json!({"sum": {"dataPoints": [point], "aggregationTemporality": 1}})),
        ("gauge", json!({"gauge": {"dataPoints": [point]}})),
        ("histogram", json!({"histogram": {"dataPoints": [histogram], "aggregationTemporality": 1}})),
        ("histogram", json!({"exponentialHistogram": {"dataPoints": [exponential], "aggregationTemporality": 1}})),
        ("histogram", json!({"summary": {"dataPoints": [summary]}})),
    ];
    let records = data.map(|(kind, data)| {
        let mut metric = data;
        metric["name"] = json!("queue.size");
        metric["unit"] = json!("{item}");
        let record = accepted(&from_json(Signal::Metrics, &metrics(&metric))).remove(0);
        assert_eq!(record["type"], kind);
        record
    });
    assert_eq!(records[0]["aggregation_temporality"], "cumulative");
    assert_eq!((&records[0]["value"], &records[0]["attributes"]["host"]), (&json!(2.5), &json!("a")));
    assert_eq!((&records[3]["value"], &records[3]["bucket_counts"]), (&json!(2.0), &json!([1, 2, 0])));
    assert_eq!(records[4]["explicit_bounds"], json!([1.0, 2.0, 4.0]));
    assert_eq!(records[4]["bucket_counts"], json!([1, 2, 1, 0]));
    assert_eq!((&records[5]["min"], &records[5]["max"]), (&json!(1.0), &json!(4.0)));
}

#[test]
fn a_point_without_a_finite_value_is_rejected_and_its_neighbour_is_not() {
    let points = json!([{"asDouble": "NaN"}, {"asInt": "7"}, {"asDouble": "-Infinity"}, {"flags": 1}]);
    let received = from_json(Signal::Metrics, &metrics(&json!({"name": "a", "gauge": {"dataPoints": points}})));
    assert_eq!((accepted(&received).len(), received.rejected), (1, 2));
    assert!(received.reason.contains("finite"));
}

#[test]
fn a_span_keeps_its_fields_and_one_without_ids_is_rejected() {
    let span = json!({"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
        "parentSpanId": "", "name": "GET /", "kind": 2, "startTimeUnixNano": "1767323045000006789",
        "endTimeUnixNano": "1767323046000000001", "status": {"code": 2, "message": "boom"},
        "events": [{"timeUnixNano": "1767323045000006789", "name": "exception"}],
        "links": [{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174"}, {}]});
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span, {"name": "no ids"}]}]}]});
    let received = from_json(Signal::Traces, &request);
    assert_eq!(received.rejected, 1);
    let record = accepted(&received).remove(0);
    assert_eq!((&record["kind"], &record["status"]["code"]), (&json!("server"), &json!("error")));
    assert_eq!(record["start_time_unix_nano"], "1767323045000006789");
    assert_eq!(record["links"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_request_is_unreadable_and_not_quoted() {
    for body in
        ["", "[]", "{", "null", r#"{"resourceLogs":"ann@example.com"}"#, "{\"resourceLogs\":[{\"scopeLogs\":[null]}]}"]
    {
        let error = convert(Signal::Logs, Encoding::Json, body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BatchUnreadable, "{body}");
        assert!(!error.message().contains("ann"));
    }
    assert!(convert(Signal::Traces, Encoding::Protobuf, b"\xff\xff\xff").is_err());
    let deep = format!("{}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    assert!(convert(Signal::Logs, Encoding::Json, deep.as_bytes()).is_err());
    let empty = convert(Signal::Metrics, Encoding::Protobuf, b"").unwrap();
    assert_eq!((empty.bodies.len(), empty.rejected), (0, 0));
}

#[test]
fn many_records_become_bodies_within_the_bounds_of_a_batch() {
    let record = json!({"body": {"stringValue": "x"}});
    let request = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": vec![record; 2_500]}]}]});
    let received = from_json(Signal::Logs, &request);
    assert_eq!(received.bodies.iter().map(|body| body.lines().count()).collect::<Vec<_>>(), [1_000, 1_000, 500]);
    let ids: BTreeSet<String> = accepted(&received).iter().map(|record| record["id"].to_string()).collect();
    assert_eq!(ids.len(), 2_500);
    let large = logs(&json!({"body": {"stringValue": "x".repeat(70_000)}}));
    assert_eq!(from_json(Signal::Logs, &large).rejected, 1);
}

#[test]
fn answers_say_what_was_not_taken() {
    assert_eq!(answer(Signal::Traces, Encoding::Json, 0, ""), b"{}");
    assert_eq!(answer(Signal::Logs, Encoding::Protobuf, 0, ""), b"");
    let body = answer(Signal::Metrics, Encoding::Json, 2, "why");
    let partial = json!({"partialSuccess": {"rejectedDataPoints": "2", "errorMessage": "why"}});
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), partial);
    let body = answer(Signal::Logs, Encoding::Protobuf, 2, "why");
    let read = ExportLogsServiceResponse::decode(&body[..]).unwrap().partial_success.unwrap();
    assert_eq!((read.rejected_log_records, read.error_message.as_str()), (2, "why"));
    let status = Status::decode(&refusal(Encoding::Protobuf, 429, "later")[..]).unwrap();
    assert_eq!((status.code, status.message.as_str()), (8, "later"));
}

#[test]
fn zstd_is_inflated_up_to_a_limit() {
    let body = zstd::encode_all(&[b'a'; 1_000][..], 3).unwrap();
    assert_eq!(inflate_zstd(&body, 1_000).unwrap().map(|body| body.len()), Some(1_000));
    assert_eq!(inflate_zstd(&body, 999).unwrap(), None);
    assert!(inflate_zstd(&body[..body.len() - 3], 1_000).is_err());
    assert!(inflate_zstd(b"no zstd", 1_000).is_err());
    let bomb = zstd::encode_all(std::io::repeat(0).take(1 << 30), 1).unwrap();
    assert_eq!(inflate_zstd(&bomb, 4 << 20).unwrap(), None);
}

#[test]
fn what_is_forwarded_has_the_id_and_tenant_under_which_it_was_kept() {
    let body = br#"[{"event":"a"},{"event":"b"},{"id":"x","tenant_id":"t","n":9007199254740993},{}]"#;
    let verdict = r#"{"results":[{"status":"accepted","id":"1"},{"status":"rejected","id":null},
        {"status":"accepted","id":"x"},{"status":"accepted","id":"4"}]}"#;
    let records = forwarded("batch", body, verdict, "t").unwrap();
    assert_eq!(
        records,
        [
            r#"{"id":"1","tenant_id":"t","event":"a"}"#,
            r#"{"id":"x","tenant_id":"t","n":9007199254740993}"#,
            r#"{"id":"4","tenant_id":"t"}"#,
        ]
    );
}

/// Ours, there and back, in both encodings.
#[cfg(feature = "client")]
mod own {
    use super::*;
    use crate::config::OtlpProtocol;
    use crate::export::Signal as Sent;

    fn round_trip(sent: Sent, signal: Signal, record: &str) -> Vec<String> {
        let pairs = [(OtlpProtocol::HttpProtobuf, Encoding::Protobuf), (OtlpProtocol::HttpJson, Encoding::Json)];
        pairs
            .map(|(protocol, encoding)| {
                let resource = r#"{"service.name":"shop"}"#;
                let body = crate::export::otlp::encode(sent, protocol, resource, &[record]).body;
                let received = convert(signal, encoding, &body).unwrap();
                assert_eq!((received.rejected, received.bodies.len()), (0, 1), "{record}");
                let outcome = engine().process(received.bodies[0].trim().as_bytes(), Some(&Stamp::now()));
                assert_eq!(outcome.violations, [], "{}", received.bodies[0]);
                outcome.record.unwrap()
            })
            .to_vec()
    }

    fn canonical(record: &str) -> String {
        let outcome = engine().process(record.as_bytes(), None);
        outcome.record.unwrap_or_else(|| panic!("{record}"))
    }

    const ENVELOPE: &str = r#""id":"01940000-0000-7000-8000-000000000001","timestamp":"2026-01-02T03:04:05.000006Z",
        "tenant_id":"t","sample_rate":0.5"#;
    const IDS: &str = r#""trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174""#;

    #[test]
    fn logs_come_back_as_the_records_that_they_were() {
        for own in [
            r#""channel":"app","event":"sign.up","payload":{},"context":{"request_id":"r","mine":[1,2.5]}"#.to_owned(),
            format!(
                r#""channel":"a.b","event":"c","user_id":"u","session_id":"s","payload":{{"scrubjay.x":1,"user.id":"v",
                "n":9007199254740993,"d":1.0,"o":{{"a":null,"b":[{{}}]}},"http.route":"mine"}},
                "context":{{"route_name":"/a","ip_address":"203.0.113.0","user_agent":"curl/8",{IDS}}}"#
            ),
            r#""component":"c","level":"warning","message":"m é\n","event_type":"E","feature_flag_context":{"f":true},
                "document_id":"d","latency_ms":1.5,"trace_id":"5b8efff798038103d269b633813fc60c","metadata":{"a":1}"#
                .to_owned(),
            format!(
                r#""component":"c","level":"info","message":"","event_type":"E","feature_flag_context":{{}},
                "context":{{{IDS}}}"#
            ),
            r#""event_key":"auth.login.attempt","severity":"info","actor_type":"admin","actor_id":"5","request_id":"r",
                "route_name":"n","ip_address":"203.0.113.0","user_agent":"curl/8","metadata":{"ok":false}"#
                .to_owned(),
            r#""opt_in":true,"platform":"macos","fps":60,"frame_time_ms":16.67,"event_replay_rate":1000,
                "sampling_interval_ms":100,"flags_active":["a"]"#
                .to_owned(),
            r#""opt_in":true,"document_id":"d","snapshot_sequence":1,"event_ids":["e"],"state_hash_before":"a",
                "state_hash_after":"b""#
                .to_owned(),
        ] {
            let record = canonical(&format!("{{{ENVELOPE},{own}}}"));
            for back in round_trip(Sent::Logs, Signal::Logs, &record) {
                assert_eq!(back, record);
            }
        }
    }

    #[test]
    fn spans_come_back_as_the_records_that_they_were() {
        let record = canonical(&format!(
            r#"{{"schema":"telemetry_span_v1",{ENVELOPE},"user_id":"u","context":{{"request_id":"r"}},{IDS},
            "parent_span_id":"aaa19b7ec3c1b174","trace_state":"a=b","flags":1,"name":"n","kind":"client",
            "start_time_unix_nano":"1767323045000006001","end_time_unix_nano":"1767323045000007001",
            "attributes":{{"a":"b"}},"dropped_attributes_count":2,
            "events":[{{"time_unix_nano":"1","name":"e","attributes":{{"x":1}}}}],
            "links":[{{{IDS},"attributes":{{"y":true}}}}],"status":{{"code":"error","message":"m"}}}}"#
        ));
        for back in round_trip(Sent::Traces, Signal::Traces, &record) {
            assert_eq!(back, record);
        }
    }

    #[test]
    fn metrics_come_back_as_they_were_but_for_their_ids() {
        let time = r#""timestamp":"2026-01-02T03:04:05.000006Z","tenant_id":"t""#;
        for own in [
            r#""name":"a.b","type":"counter","unit":"1","value":3,"attributes":{"host":"h"}"#,
            r#""name":"a.b","type":"gauge","value":2.5"#,
            r#""name":"a.b","type":"histogram","unit":"ms","value":2.5"#,
            r#""name":"a.b","type":"updowncounter","value":-2,"aggregation_temporality":"cumulative",
                "start_time_unix_nano":"1767323040000000000""#,
            r#""name":"a.b","type":"histogram","value":2.0,"aggregation_temporality":"delta",
                "start_time_unix_nano":"1767323040000000000","count":2,"sum":4.0,"min":1.5,"max":2.5,
                "bucket_counts":[1,1],"explicit_bounds":[2.0]"#,
        ] {
            let context = r#""user_id":"u","session_id":"s","context":{"route_name":"/a"}"#;
            let record = canonical(&format!(r#"{{"schema":"telemetry_metric_v1",{time},{context},{own}}}"#));
            for back in round_trip(Sent::Metrics, Signal::Metrics, &record) {
                let mut back: Value = serde_json::from_str(&back).unwrap();
                back.as_object_mut().unwrap().remove("id").unwrap();
                assert_eq!(back, serde_json::from_str::<Value>(&record).unwrap());
            }
        }
    }
}
