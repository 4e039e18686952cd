//! Targets as configured and as the environment adds to them.

use super::*;
use crate::config::{Config, resolve};

fn target(client: &str, variables: &[(&str, &str)]) -> Result<Target> {
    let config = Config::from_json(&format!(r#"{{"client":{client}}}"#))?;
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let config = resolve(&config, &lookup, None)?.config;
    Target::new(&config.client, &Engine::new(&config)?)
}

fn refusal(client: &str, variables: &[(&str, &str)]) -> Error {
    target(client, variables).err().unwrap()
}

/// The URL of the collector, or of logs.
fn url(client: &str, variables: &[(&str, &str)]) -> String {
    match target(client, variables).unwrap().destination {
        Destination::Collector(_, url) => url.into(),
        Destination::Otlp(otlp) => otlp.logs.url.into(),
        Destination::File(_) | Destination::Console => String::new(),
    }
}

fn headers(client: &str, variables: &[(&str, &str)]) -> HeaderMap {
    match target(client, variables).unwrap().destination {
        Destination::Collector(http, _) => http.headers,
        Destination::Otlp(otlp) => otlp.logs.http.headers,
        Destination::File(_) | Destination::Console => HeaderMap::new(),
    }
}

#[test]
fn the_batch_route_continues_the_base_url() {
    for (base, full) in [
        ("http://localhost:4000", "http://localhost:4000/api/v1/telemetry/events/batch"),
        ("http://localhost:4000/", "http://localhost:4000/api/v1/telemetry/events/batch"),
        ("https://example.com/in", "https://example.com/in/api/v1/telemetry/events/batch"),
    ] {
        assert_eq!(url(&format!(r#"{{"endpoint":"{base}"}}"#), &[]), full);
    }
}

#[test]
fn the_environment_fills_in_what_the_configuration_leaves_open() {
    let variables = [("TELEMETRY_ENDPOINT", "http://from-env"), ("TELEMETRY_API_KEY", "k1")];
    assert!(url("{}", &variables).starts_with("http://from-env/"));
    assert_eq!(headers("{}", &variables)[AUTHORIZATION], "Bearer k1");
    assert!(url(r#"{"endpoint":"http://from-code"}"#, &variables).starts_with("http://from-code/"));
}

#[test]
fn a_collector_without_an_endpoint_is_an_error_that_says_how_to_set_it() {
    let error = refusal("{}", &[("TELEMETRY_ENDPOINT", " ")]);
    assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/endpoint"));
    assert!(error.message().contains("TELEMETRY_ENDPOINT"), "{error}");
}

#[test]
fn otlp_has_opentelemetrys_endpoints() {
    let otlp = |more: &str| url(&format!(r#"{{"export":{{"exporter":"otlp"{more}}}}}"#), &[]);
    assert_eq!(otlp(""), "http://localhost:4318/v1/logs");
    assert_eq!(otlp(r#","logs_endpoint":"http://h/own/path""#), "http://h/own/path", "as it is");
    assert_eq!(otlp(r#","logs_endpoint":"http://h""#), "http://h/", "no path is the root");
    let base = r#"{"endpoint":"https://h/otlp/","export":{"exporter":"otlp"}}"#;
    assert_eq!(url(base, &[]), "https://h/otlp/v1/logs", "the base keeps its path");
}

#[test]
fn each_endpoint_keeps_to_the_policy() {
    for (key, value) in [
        ("logs_endpoint", "file:///hunter2"),
        ("metrics_endpoint", "http://u:hunter2@h"),
        ("traces_endpoint", "http://169.254.169.254/hunter2"),
    ] {
        let error = refusal(&format!(r#"{{"export":{{"exporter":"otlp","{key}":"{value}"}}}}"#), &[]);
        assert_eq!(error.path(), format!("/client/export/{key}"));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_key_or_header_that_no_request_can_carry_is_refused() {
    let error = refusal(r#"{"endpoint":"http://h"}"#, &[("TELEMETRY_API_KEY", "hunter2\r\nx: y")]);
    assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/api_key"));
    assert!(!error.to_string().contains("hunter2"), "{error}");
    for (name, path) in [("a b", "a b"), ("a/b", "a~1b"), ("content-type", "content-type"), ("Host", "Host")] {
        let error = refusal(&format!(r#"{{"endpoint":"http://h","export":{{"headers":{{"{name}":"x"}}}}}}"#), &[]);
        assert_eq!(error.path(), format!("/client/export/headers/{path}"));
    }
    let error = refusal(r#"{"endpoint":"http://h","export":{"headers":{"x":"hunter2\n"}}}"#, &[]);
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn headers_that_may_be_secret_are_not_printed() {
    let client = r#"{"endpoint":"http://h","api_key":"hunter2","export":{"headers":{"x-key":"hunter2"}}}"#;
    let headers = headers(client, &[]);
    assert_eq!(headers["x-key"], "hunter2");
    assert!(!format!("{headers:?}").contains("hunter2"));
}

#[test]
fn the_resource_has_what_opentelemetry_requires_and_no_personal_data() {
    let client = r#"{"resource":{"service.name":"shop","owner":"ann@example.com","n":1},"export":{"exporter":"otlp"}}"#;
    let Destination::Otlp(otlp) = target(client, &[]).unwrap().destination else { panic!("otlp") };
    let resource: Value = serde_json::from_str(&otlp.resource).unwrap();
    assert_eq!([&resource["service.name"], &resource["telemetry.sdk.name"]], ["shop", "scrubjay"]);
    assert_eq!([&resource["owner"], &resource["n"]], [&Value::from("[email]"), &Value::from(1)]);
}

#[test]
fn certificates_are_read_when_the_client_is_made() {
    for (key, value) in [("certificate", "/nowhere/hunter2.pem"), ("certificate", "/dev/null")] {
        let error = refusal(&format!(r#"{{"endpoint":"https://h","export":{{"{key}":"{value}"}}}}"#), &[]);
        assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/export/certificate"));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn what_a_signal_has_of_its_own_takes_the_place_of_what_all_have() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=all,x-all=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=traces"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "250"),
    ];
    let Destination::Otlp(otlp) = target(r#"{"export":{"exporter":"otlp"}}"#, &variables).unwrap().destination else {
        panic!("OTLP");
    };
    let (logs, metrics, traces) = (&otlp.logs, &otlp.metrics, &otlp.traces);
    assert_eq!(
        (&logs.http.headers[AUTHORIZATION], logs.http.headers.contains_key("x-all")),
        (&"all".parse().unwrap(), true)
    );
    assert_eq!(
        (&traces.http.headers[AUTHORIZATION], traces.http.headers.contains_key("x-all")),
        (&"traces".parse().unwrap(), false)
    );
    assert_eq!((logs.protocol, traces.protocol), (OtlpProtocol::HttpJson, OtlpProtocol::HttpProtobuf));
    assert_eq!(logs.http.headers[CONTENT_TYPE], "application/json");
    assert_eq!((metrics.http.compression, logs.http.compression), (Compression::None, Compression::Gzip));
    assert!(!metrics.http.headers.contains_key(CONTENT_ENCODING));
    assert_eq!(metrics.http.connection.request_timeout, Duration::from_millis(250));
    assert!(
        logs.http.connection.is_alike(&traces.http.connection)
            && !logs.http.connection.is_alike(&metrics.http.connection)
    );
    let wrong = r#"{"export":{"exporter":"otlp","traces":{"headers":{"a b":"c"}}}}"#;
    assert_eq!(refusal(wrong, &[]).path(), "/client/export/traces/headers/a b");
}
