//! One record of each kind, field by field, against messages built by hand.

use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, exemplar, metric::Data,
    number_data_point::Value as Number,
};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::*;

const TIME: u64 = 1_767_323_045_000_006_000;
const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID: &str = "b7ad6b7169203331";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.to_owned()))
}

/// A canonical record: envelope with everything, then the kind's own members.
fn record(schema: &str, context: &str, own: &str) -> String {
    format!(
        r#"{{"schema":"{schema}","id":"01900000-0000-7000-8000-000000000001","timestamp":"2026-01-02T03:04:05.000006Z","tenant_id":"t1","user_id":"u1","session_id":"s1","sample_rate":0.5,"context":{{{context}}},{own}}}"#
    )
}

fn envelope(schema: &str, id: &str) -> Vec<KeyValue> {
    vec![
        text("scrubjay.schema", schema),
        text(id, "01900000-0000-7000-8000-000000000001"),
        text("tenant.id", "t1"),
        pair("scrubjay.sample_rate", Any::DoubleValue(0.5)),
        text("user.id", "u1"),
        text("session.id", "s1"),
    ]
}

#[test]
fn an_event() {
    let context = format!(
        r#""request_id":"r1","route_name":"/a/:id","ip_address":"192.0.2.0","user_agent":"curl/8","trace_id":"{TRACE_ID}","span_id":"{SPAN_ID}","country":"AT""#
    );
    let own = r#""channel":"app","event":"log\"in","payload":{"a\n":"ü\u0001","n":-1,"big":18446744073709551615,"f":1.50,"none":null,"list":[1,{"b":true}],"user.id":"mine","scrubjay.x":1}"#;
    let mut attributes = envelope("telemetry_event_v1", "log.record.uid");
    attributes.extend([
        text("scrubjay.request_id", "r1"),
        text("http.route", "/a/:id"),
        text("client.address", "192.0.2.0"),
        text("user_agent.original", "curl/8"),
        text("scrubjay.context.country", "AT"),
        text("scrubjay.channel", "app"),
        text("a\n", "ü\u{1}"),
        pair("n", Any::IntValue(-1)),
        text("big", "18446744073709551615"),
        pair("f", Any::DoubleValue(1.5)),
        KeyValue { key: "none".into(), value: Some(AnyValue { value: None }), ..KeyValue::default() },
        KeyValue {
            key: "list".into(),
            value: Some(AnyValue {
                value: Some(Any::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue {
                    values: vec![
                        AnyValue { value: Some(Any::IntValue(1)) },
                        AnyValue {
                            value: Some(Any::KvlistValue(opentelemetry_proto::tonic::common::v1::KeyValueList {
                                values: vec![pair("b", Any::BoolValue(true))],
                            })),
                        },
                    ],
                })),
            }),
            ..KeyValue::default()
        },
        text("scrubjay.payload.user.id", "mine"),
        pair("scrubjay.payload.scrubjay.x", Any::IntValue(1)),
    ]);
    let expected = LogRecord {
        time_unix_nano: TIME,
        observed_time_unix_nano: TIME,
        event_name: "app.log\"in".into(),
        trace_id: bytes(TRACE_ID),
        span_id: bytes(SPAN_ID),
        attributes,
        ..LogRecord::default()
    };
    assert_eq!(logs(&[&record("telemetry_event_v1", &context, own)]), [expected]);
}

#[test]
fn a_log_entry_with_a_trace_of_its_own() {
    let context = format!(r#""trace_id":"{}","span_id":"{SPAN_ID}""#, "1".repeat(32));
    let own = format!(
        r#""component":"render","level":"warning","message":"slow","event_type":"FrameDropped","feature_flag_context":{{"new":true}},"latency_ms":12,"trace_id":"{TRACE_ID}","metadata":{{"k":"v"}}"#
    );
    let mut attributes =
        vec![text("scrubjay.context.trace_id", &"1".repeat(32)), text("scrubjay.context.span_id", SPAN_ID)];
    attributes.extend(envelope("telemetry_log_v1", "log.record.uid"));
    let flags =
        opentelemetry_proto::tonic::common::v1::KeyValueList { values: vec![pair("new", Any::BoolValue(true))] };
    attributes.extend([
        text("scrubjay.component", "render"),
        pair("scrubjay.feature_flag_context", Any::KvlistValue(flags)),
        pair("scrubjay.latency_ms", Any::IntValue(12)),
        text("k", "v"),
    ]);
    let expected = LogRecord {
        time_unix_nano: TIME,
        observed_time_unix_nano: TIME,
        severity_number: 13,
        severity_text: "warning".into(),
        event_name: "FrameDropped".into(),
        body: Some(string("slow")),
        trace_id: bytes(TRACE_ID),
        attributes,
        ..LogRecord::default()
    };
    assert_eq!(logs(&[&record("telemetry_log_v1", &context, &own)]), [expected]);
}

#[test]
fn a_trace_of_r3_keeps_its_own_request_beside_the_contexts() {
    let context = r#""request_id":"outer","route_name":"/outer""#;
    let own = r#""event_key":"auth.login","severity":"error","actor_type":"admin","actor_id":"7","route_name":"/inner","ip_address":"192.0.2.0","metadata":{"http.route":"mine"}"#;
    let mut attributes = envelope("telemetry_trace_v1", "log.record.uid");
    attributes.extend([
        text("scrubjay.request_id", "outer"),
        text("http.route", "/outer"),
        text("scrubjay.actor_type", "admin"),
        text("scrubjay.actor_id", "7"),
        text("scrubjay.record.route_name", "/inner"),
        text("client.address", "192.0.2.0"),
        text("scrubjay.payload.http.route", "mine"),
    ]);
    let expected = LogRecord {
        time_unix_nano: TIME,
        observed_time_unix_nano: TIME,
        severity_number: 17,
        severity_text: "error".into(),
        event_name: "auth.login".into(),
        attributes,
        ..LogRecord::default()
    };
    assert_eq!(logs(&[&record("telemetry_trace_v1", context, own)]), [expected]);
}

#[test]
fn a_span() {
    let own = format!(
        r#""trace_id":"{TRACE_ID}","span_id":"{SPAN_ID}","parent_span_id":"00f067aa0ba902b7","trace_state":"a=1","flags":1,"name":"GET /","kind":"client","start_time_unix_nano":"18446744073709551615","end_time_unix_nano":"7","attributes":{{"k":1}},"dropped_attributes_count":2,"events":[{{"time_unix_nano":"5","name":"e","attributes":{{"x":true}},"dropped_attributes_count":1}}],"dropped_events_count":3,"links":[{{"trace_id":"{TRACE_ID}","span_id":"{SPAN_ID}","trace_state":"b=2","attributes":{{"y":"z"}},"flags":257}}],"dropped_links_count":4,"status":{{"code":"error","message":"bad"}}"#
    );
    let mut attributes = envelope("telemetry_span_v1", "scrubjay.id");
    attributes.push(text("scrubjay.context.span_id", "00f067aa0ba902b7"));
    attributes.push(pair("k", Any::IntValue(1)));
    let context = format!(r#""trace_id":"{TRACE_ID}","span_id":"00f067aa0ba902b7""#);
    let expected = Span {
        trace_id: bytes(TRACE_ID),
        span_id: bytes(SPAN_ID),
        parent_span_id: bytes("00f067aa0ba902b7"),
        trace_state: "a=1".into(),
        flags: 1,
        name: "GET /".into(),
        kind: 3,
        start_time_unix_nano: u64::MAX,
        end_time_unix_nano: 7,
        attributes,
        dropped_attributes_count: 2,
        events: vec![Event {
            time_unix_nano: 5,
            name: "e".into(),
            attributes: vec![pair("x", Any::BoolValue(true))],
            dropped_attributes_count: 1,
        }],
        dropped_events_count: 3,
        links: vec![Link {
            trace_id: bytes(TRACE_ID),
            span_id: bytes(SPAN_ID),
            trace_state: "b=2".into(),
            attributes: vec![text("y", "z")],
            flags: 257,
            ..Link::default()
        }],
        dropped_links_count: 4,
        status: Some(Status { message: "bad".into(), code: 2 }),
    };
    assert_eq!(spans(&[&record("telemetry_span_v1", &context, &own)]), [expected]);
}

fn metric(own: &str) -> String {
    format!(r#"{{"schema":"telemetry_metric_v1","timestamp":"2026-01-02T03:04:05.000006Z",{own}}}"#)
}

fn number(value: Number, attributes: Vec<KeyValue>) -> NumberDataPoint {
    NumberDataPoint { time_unix_nano: TIME, value: Some(value), attributes, ..NumberDataPoint::default() }
}

fn named(name: &str, unit: &str, data: Data) -> Metric {
    Metric { name: name.into(), unit: unit.into(), data: Some(data), ..Metric::default() }
}

#[test]
fn points_of_one_metric_stand_together() {
    let records = [
        metric(r#""name":"req","type":"counter","unit":"1","value":3,"attributes":{"route":"/"}"#),
        metric(r#""name":"temp","type":"gauge","value":-1.5"#),
        metric(r#""name":"req","type":"counter","unit":"1","value":2"#),
        metric(r#""name":"open","type":"updowncounter","value":-2"#),
    ];
    let points = vec![number(Number::AsInt(3), vec![text("route", "/")]), number(Number::AsInt(2), Vec::new())];
    let sum = Sum { data_points: points, aggregation_temporality: 1, is_monotonic: true };
    let gauge = Gauge { data_points: vec![number(Number::AsDouble(-1.5), Vec::new())] };
    let open = Sum {
        data_points: vec![number(Number::AsInt(-2), Vec::new())],
        aggregation_temporality: 1,
        is_monotonic: false,
    };
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    assert_eq!(
        metrics(&texts),
        [named("req", "1", Data::Sum(sum)), named("temp", "", Data::Gauge(gauge)), named("open", "", Data::Sum(open)),]
    );
}

#[test]
fn a_sampled_count_is_scaled_and_who_is_in_an_exemplar() {
    let own = r#""name":"req","type":"counter","value":3,"attributes":{"a":1}"#;
    let context = format!(r#""trace_id":"{TRACE_ID}","span_id":"{SPAN_ID}""#);
    let point = NumberDataPoint {
        attributes: vec![text("tenant.id", "t1"), pair("a", Any::IntValue(1))],
        exemplars: vec![Exemplar {
            time_unix_nano: TIME,
            trace_id: bytes(TRACE_ID),
            span_id: bytes(SPAN_ID),
            value: Some(exemplar::Value::AsInt(3)),
            filtered_attributes: vec![text("user.id", "u1"), text("session.id", "s1")],
        }],
        ..number(Number::AsDouble(6.0), Vec::new())
    };
    let sum = Sum { data_points: vec![point], aggregation_temporality: 1, is_monotonic: true };
    assert_eq!(metrics(&[&record("telemetry_metric_v1", &context, own)]), [named("req", "", Data::Sum(sum))]);
}

#[test]
fn one_measurement_of_a_histogram_falls_into_its_bucket() {
    let own = r#""name":"latency","type":"histogram","unit":"ms","value":30"#;
    let mut bucket_counts = vec![0; 16];
    bucket_counts[4] = 1;
    let point = HistogramDataPoint {
        time_unix_nano: TIME,
        count: 1,
        sum: Some(30.0),
        min: Some(30.0),
        max: Some(30.0),
        bucket_counts,
        explicit_bounds: crate::metrics::DEFAULT_BOUNDS.to_vec(),
        ..HistogramDataPoint::default()
    };
    let data = Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 1 });
    assert_eq!(metrics(&[&metric(own)]), [named("latency", "ms", data)]);
}

#[test]
fn an_aggregated_histogram_keeps_its_buckets_and_its_interval() {
    let own = r#""name":"latency","type":"histogram","unit":"ms","value":10.5,"attributes":{"r":"/"},"aggregation_temporality":"cumulative","start_time_unix_nano":"1767323045000000000","count":2,"sum":21,"min":1,"max":20,"bucket_counts":[1,0,1],"explicit_bounds":[5,10]"#;
    let point = HistogramDataPoint {
        start_time_unix_nano: 1_767_323_045_000_000_000,
        time_unix_nano: TIME,
        attributes: vec![text("r", "/")],
        count: 2,
        sum: Some(21.0),
        min: Some(1.0),
        max: Some(20.0),
        bucket_counts: vec![1, 0, 1],
        explicit_bounds: vec![5.0, 10.0],
        ..HistogramDataPoint::default()
    };
    let data = Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 2 });
    assert_eq!(metrics(&[&metric(own)]), [named("latency", "ms", data)]);
}
