//! OpenTelemetry's variables for exporters, as its specification defines them: they fill in what the configuration
//! leaves open. An empty variable counts as unset, and one that cannot be read as absent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::client::{Environment, text};
use crate::config::{Compression, ExportConfig, OtlpProtocol};

/// The section with what the environment adds to it, for an OTLP exporter.
pub(super) fn completed(export: &ExportConfig, environment: Environment<'_>) -> ExportConfig {
    let variable = |name: &str| text(&format!("OTEL_EXPORTER_OTLP_{name}"), environment);
    let mut export = export.clone();
    for (key, name) in [
        (&mut export.logs_endpoint, "LOGS_ENDPOINT"),
        (&mut export.metrics_endpoint, "METRICS_ENDPOINT"),
        (&mut export.traces_endpoint, "TRACES_ENDPOINT"),
        (&mut export.certificate, "CERTIFICATE"),
    ] {
        *key = key.take().or_else(|| variable(name));
    }
    // Chain and key are of one source.
    if export.client_certificate.is_none() && export.client_key.is_none() {
        let pair = variable("CLIENT_CERTIFICATE").zip(variable("CLIENT_KEY"));
        (export.client_certificate, export.client_key) = pair.unzip();
    }
    export.protocol = export.protocol.or_else(|| match variable("PROTOCOL")?.as_str() {
        "http/protobuf" => Some(OtlpProtocol::HttpProtobuf),
        "http/json" => Some(OtlpProtocol::HttpJson),
        _ => None,
    });
    export.compression = export.compression.or_else(|| match variable("COMPRESSION")?.as_str() {
        "gzip" => Some(Compression::Gzip),
        "none" => Some(Compression::None),
        _ => None,
    });
    for (name, value) in variable("HEADERS").map(|list| pairs(&list)).unwrap_or_default() {
        let is_set = export.headers.keys().any(|set| set.eq_ignore_ascii_case(&name));
        if !is_set {
            export.headers.insert(name, value);
        }
    }
    export
}

/// The base of all endpoints.
pub(super) fn endpoint(environment: Environment<'_>) -> Option<String> {
    text("OTEL_EXPORTER_OTLP_ENDPOINT", environment)
}

/// Resource attributes, those that are said apart last.
pub(super) fn resource(environment: Environment<'_>) -> BTreeMap<String, String> {
    let mut attributes = text("OTEL_RESOURCE_ATTRIBUTES", environment).map(|list| pairs(&list)).unwrap_or_default();
    attributes.extend(text("OTEL_SERVICE_NAME", environment).map(|name| ("service.name".to_owned(), name)));
    attributes
}

/// `key=value,key=value`, percent-encoded; of a list with anything else in it nothing is taken, as the specification
/// asks.
fn pairs(list: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8().ok().map(Cow::into_owned);
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        Some((decoded(key).filter(|key| !key.is_empty())?, decoded(value)?))
    };
    let parts = list.split(',').filter(|part| !part.trim().is_empty());
    parts.map(pair).collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup<'a>(variables: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_environment_fills_in_what_the_configuration_leaves_open() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://other"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=from%20env, x = y"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "c.pem"),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "k.pem"),
        ];
        let set = ExportConfig {
            metrics_endpoint: Some("http://metrics".into()),
            headers: [("X".to_owned(), "code".to_owned())].into(),
            ..ExportConfig::default()
        };
        let expected = ExportConfig {
            logs_endpoint: Some("http://logs".into()),
            protocol: Some(OtlpProtocol::HttpJson),
            compression: Some(Compression::None),
            headers: [("X".to_owned(), "code".to_owned()), ("api-key".to_owned(), "from env".to_owned())].into(),
            certificate: Some("ca.pem".into()),
            client_certificate: Some("c.pem".into()),
            client_key: Some("k.pem".into()),
            ..set.clone()
        };
        assert!(completed(&set, &lookup(&variables)) == expected);
    }

    #[test]
    fn what_is_empty_or_unknown_counts_as_unset() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", ""),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "br"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "no-value,a=b"),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "k.pem"),
        ];
        let none = ExportConfig::default();
        assert!(completed(&none, &lookup(&variables)) == none);
    }

    #[test]
    fn a_services_name_goes_before_the_attributes_and_values_are_decoded() {
        let variables =
            [("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=a%2Cb%3D,"), ("OTEL_SERVICE_NAME", "shop")];
        let attributes = resource(&lookup(&variables));
        assert_eq!(attributes.get("service.name").map(String::as_str), Some("shop"));
        assert_eq!(attributes.get("team").map(String::as_str), Some("a,b="));
        assert!(resource(&lookup(&[("OTEL_RESOURCE_ATTRIBUTES", "a=%ff")])).is_empty());
    }
}
