//! The `client.export` section: where records go, in which form, and over which connection.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::signal::SignalConfig;
use super::{Form, Key, require};
use crate::error::Result;

/// Keys of the section.
pub(super) const KEYS: &[Key] = &[
    Key::new("/client/export", "Where records go, in which form, and over which connection."),
    Key::new(
        "/client/export/exporter",
        "collector, otlp, file (JSON Lines), or console (bodies on standard error, nothing is sent).",
    )
    .variables(&[("TELEMETRY_EXPORTER", Form::Text)])
    .default("\"collector\""),
    Key::new("/client/export/protocol", "OTLP's encoding: http/protobuf or http/json.")
        .variables(&[("OTEL_EXPORTER_OTLP_PROTOCOL", Form::Text)])
        .default("\"http/protobuf\""),
    Key::new(
        "/client/export/otlp_endpoint",
        "Base URL of the OTLP receiver; otherwise the endpoint, otherwise http://localhost:4318.",
    )
    .variables(&[("OTEL_EXPORTER_OTLP_ENDPOINT", Form::Text)]),
    Key::new("/client/export/logs_endpoint", "Full URL for logs, used as it is; otherwise v1/logs follows the base.")
        .variables(&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", Form::Text)]),
    Key::new(
        "/client/export/metrics_endpoint",
        "Full URL for metrics, used as it is; otherwise v1/metrics follows the base.",
    )
    .variables(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", Form::Text)]),
    Key::new(
        "/client/export/traces_endpoint",
        "Full URL for spans, used as it is; otherwise v1/traces follows the base.",
    )
    .variables(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Form::Text)]),
    Key::new("/client/export/headers", "Further headers of each request, by name; never printed.")
        .variables(&[("OTEL_EXPORTER_OTLP_HEADERS", Form::Pairs)])
        .secret(),
    Key::new("/client/export/headers/*", "The value of one header.").secret(),
    Key::new("/client/export/compression", "Of request bodies: gzip, zstd or none.")
        .variables(&[("OTEL_EXPORTER_OTLP_COMPRESSION", Form::Text)])
        .default("\"gzip\""),
    Key::new(
        "/client/export/certificate",
        "Path of a PEM file: the only authorities trusted, instead of the operating system's.",
    )
    .variables(&[("OTEL_EXPORTER_OTLP_CERTIFICATE", Form::Text)]),
    Key::new("/client/export/client_certificate", "Path of a PEM file: the client's certificate chain.")
        .variables(&[("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", Form::Text)]),
    Key::new("/client/export/client_key", "Path of a PEM file: the private key of the client's certificate.")
        .variables(&[("OTEL_EXPORTER_OTLP_CLIENT_KEY", Form::Text)]),
    Key::new("/client/export/proxy", "URL of an HTTP proxy for every endpoint; it goes before the next three.")
        .secret(),
    Key::new("/client/export/https_proxy", "That of https endpoints.")
        .variables(&[("HTTPS_PROXY", Form::Text), ("https_proxy", Form::Text)])
        .secret(),
    Key::new("/client/export/http_proxy", "That of http endpoints. Not HTTP_PROXY, which a CGI request can set.")
        // httpoxy, CVE-2016-5385.
        .variables(&[("http_proxy", Form::Text)])
        .secret(),
    Key::new("/client/export/all_proxy", "That of endpoints for which none of the others is set.")
        .variables(&[("ALL_PROXY", Form::Text), ("all_proxy", Form::Text)])
        .secret(),
    Key::new("/client/export/no_proxy", "Hosts reached without a proxy, comma-separated; loopback always is.")
        .variables(&[("NO_PROXY", Form::Text), ("no_proxy", Form::Text)]),
    Key::new(
        "/client/export/allow_link_local",
        "Whether records may go to link-local addresses, where clouds serve machine credentials.",
    )
    .default("false"),
    Key::new(
        "/client/export/sample_routes",
        "Whether performance samples and replay reports go to R4's routes, one a request, instead of into batches.",
    )
    .default("false"),
    Key::new("/client/export/file", "Path of the file that the file exporter appends to."),
    Key::new("/client/export/file_max_bytes", "Size at which the file is renamed and a new one begun; 0 means never.")
        .default("67108864")
        .unit("bytes"),
    Key::new("/client/export/file_max_count", "Renamed files that are kept; the oldest go first.")
        .default("4")
        .unit("files"),
    Key::new(
        "/client/export/breaker_failures",
        "Failures in a row after which nothing is sent for a while; 0 means never.",
    )
    .default("5")
    .unit("requests"),
    Key::new("/client/export/breaker_reset_ms", "How long that while is; one request then probes.")
        .default("60000")
        .unit("ms"),
];

/// Who receives the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExporterKind {
    /// scrubjay's collector: canonical records, and a verdict on each.
    #[default]
    Collector,
    /// Any receiver of OTLP/HTTP.
    Otlp,
    /// A file of JSON Lines.
    File,
    /// Standard error; a dry run.
    Console,
}

/// How OTLP is encoded; the values of `OTEL_EXPORTER_OTLP_PROTOCOL` that go over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OtlpProtocol {
    /// Protocol buffers.
    #[default]
    #[serde(rename = "http/protobuf")]
    HttpProtobuf,
    /// OTLP's variant of proto3 JSON.
    #[serde(rename = "http/json")]
    HttpJson,
}

/// How request bodies are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Read by every receiver.
    #[default]
    Gzip,
    /// Half the CPU for the same size; not every receiver reads it.
    Zstd,
    /// As it is.
    None,
}

/// The `client.export` section.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportConfig {
    /// Who receives the records.
    pub exporter: ExporterKind,
    /// How OTLP is encoded.
    pub protocol: OtlpProtocol,
    /// Base URL of the OTLP receiver.
    pub otlp_endpoint: Option<String>,
    /// Where logs go, used as it is.
    pub logs_endpoint: Option<String>,
    /// Where metrics go, used as it is.
    pub metrics_endpoint: Option<String>,
    /// Where spans go, used as it is.
    pub traces_endpoint: Option<String>,
    /// What requests for logs have of their own.
    pub logs: SignalConfig,
    /// What requests for metrics have of their own.
    pub metrics: SignalConfig,
    /// What requests for spans have of their own.
    pub traces: SignalConfig,
    /// Further headers. Never printed.
    pub headers: BTreeMap<String, String>,
    /// Of request bodies.
    pub compression: Compression,
    /// PEM file of the authorities to trust.
    pub certificate: Option<String>,
    /// PEM file of the client's chain.
    pub client_certificate: Option<String>,
    /// PEM file of the client's key.
    pub client_key: Option<String>,
    /// URL of an HTTP proxy. Never printed: it may carry credentials.
    pub proxy: Option<String>,
    /// That of https endpoints.
    pub https_proxy: Option<String>,
    /// That of http endpoints.
    pub http_proxy: Option<String>,
    /// That of the others.
    pub all_proxy: Option<String>,
    /// Hosts reached without it.
    pub no_proxy: Option<String>,
    /// Whether link-local addresses may be sent to.
    pub allow_link_local: bool,
    /// Whether samples and reports go to R4's two routes, each in a request of its own.
    pub sample_routes: bool,
    /// The file exporter's file.
    pub file: Option<String>,
    /// Bytes at which it is renamed.
    pub file_max_bytes: u64,
    /// Renamed files that are kept.
    pub file_max_count: u32,
    /// Failures in a row that open the circuit breaker (R4: 5).
    pub breaker_failures: u32,
    /// Milliseconds for which it stays open (R4: 60 s).
    pub breaker_reset_ms: u32,
}

impl Default for ExportConfig {
    fn default() -> Self {
        Self {
            exporter: ExporterKind::default(),
            protocol: OtlpProtocol::default(),
            otlp_endpoint: None,
            logs_endpoint: None,
            metrics_endpoint: None,
            traces_endpoint: None,
            logs: SignalConfig::default(),
            metrics: SignalConfig::default(),
            traces: SignalConfig::default(),
            headers: BTreeMap::new(),
            compression: Compression::default(),
            certificate: None,
            client_certificate: None,
            client_key: None,
            proxy: None,
            https_proxy: None,
            http_proxy: None,
            all_proxy: None,
            no_proxy: None,
            allow_link_local: false,
            sample_routes: false,
            file: None,
            // Large enough that a day's file is rarely cut, small enough to open in an editor.
            file_max_bytes: 64 << 20,
            file_max_count: 4,
            breaker_failures: 5,
            breaker_reset_ms: 60_000,
        }
    }
}

impl fmt::Debug for ExportConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportConfig")
            .field("exporter", &self.exporter)
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

impl ExportConfig {
    /// Checks what types alone cannot say.
    pub(super) fn check(&self) -> Result<()> {
        require(
            self.exporter != ExporterKind::File || self.file.is_some(),
            "/client/export/file",
            "the file exporter needs the path of its file",
        )?;
        // Told of the one that is missing.
        let together = "client_certificate and client_key go together: set both or none";
        let (certificate, key) = (self.client_certificate.is_some(), self.client_key.is_some());
        require(certificate || !key, "/client/export/client_certificate", together)?;
        require(key || !certificate, "/client/export/client_key", together)?;
        let proxies = [
            ("/client/export/proxy", &self.proxy),
            ("/client/export/https_proxy", &self.https_proxy),
            ("/client/export/http_proxy", &self.http_proxy),
            ("/client/export/all_proxy", &self.all_proxy),
        ];
        for (path, proxy) in proxies {
            let is_proxy = proxy.as_deref().is_none_or(is_proxy);
            require(is_proxy, path, "must be a URL that starts with http:// or https://")?;
        }
        require(
            self.breaker_failures == 0 || self.breaker_reset_ms > 0,
            "/client/export/breaker_reset_ms",
            "must be greater than 0",
        )
    }
}

/// Whether a text looks like a proxy's URL. The exporter parses it.
fn is_proxy(url: &str) -> bool {
    let host = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn refused(export: &str) -> String {
        Config::from_json(&format!(r#"{{"client":{{"export":{export}}}}}"#)).unwrap_err().path().to_owned()
    }

    #[test]
    fn words_of_opentelemetry_are_read_and_others_refused() {
        let text = r#"{"client":{"export":{"exporter":"otlp","protocol":"http/json","compression":"zstd",
            "headers":{"x-key":"k"}}}}"#;
        let export = Config::from_json(text).unwrap().client.export;
        assert_eq!((export.exporter, export.protocol), (ExporterKind::Otlp, OtlpProtocol::HttpJson));
        assert_eq!(refused(r#"{"protocol":"grpc"}"#), "/client/export/protocol");
        assert_eq!(refused(r#"{"compression":"br"}"#), "/client/export/compression");
    }

    #[test]
    fn what_belongs_together_is_asked_for_together() {
        assert_eq!(refused(r#"{"exporter":"file"}"#), "/client/export/file");
        assert_eq!(refused(r#"{"client_key":"k.pem"}"#), "/client/export/client_certificate");
        assert_eq!(refused(r#"{"client_certificate":"c.pem"}"#), "/client/export/client_key");
        assert_eq!(refused(r#"{"breaker_reset_ms":0}"#), "/client/export/breaker_reset_ms");
        assert_eq!(refused(r#"{"all_proxy":"socks5://p"}"#), "/client/export/all_proxy");
    }

    #[test]
    fn headers_and_proxies_are_not_printed() {
        let text = r#"{"client":{"export":{"headers":{"x-key":"hunter2"},"proxy":"http://u:hunter2@p"}}}"#;
        let shown = format!("{:?}", Config::from_json(text).unwrap().client.export);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
