//! The `client.export` section: where records go, in which form, and over which connection.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{Key, require};
use crate::error::Result;

/// Keys of the section.
pub(super) const KEYS: &[Key] = &[
    Key { path: "/client/export", doc: "Where records go, in which form, and over which connection." },
    Key {
        path: "/client/export/exporter",
        doc: "collector (default), otlp, file (JSON Lines), or console (bodies on standard error, nothing is sent).",
    },
    Key { path: "/client/export/protocol", doc: "OTLP's encoding: http/protobuf (default) or http/json." },
    Key {
        path: "/client/export/logs_endpoint",
        doc: "Full URL for logs, used as it is; otherwise v1/logs follows the endpoint.",
    },
    Key {
        path: "/client/export/metrics_endpoint",
        doc: "Full URL for metrics, used as it is; otherwise v1/metrics follows the endpoint.",
    },
    Key {
        path: "/client/export/traces_endpoint",
        doc: "Full URL for spans, used as it is; otherwise v1/traces follows the endpoint.",
    },
    Key { path: "/client/export/headers", doc: "Further headers of each request, by name; never printed." },
    Key { path: "/client/export/headers/*", doc: "The value of one header." },
    Key { path: "/client/export/compression", doc: "Of request bodies: gzip (default), zstd or none." },
    Key {
        path: "/client/export/certificate",
        doc: "Path of a PEM file: the only authorities trusted, instead of the operating system's.",
    },
    Key { path: "/client/export/client_certificate", doc: "Path of a PEM file: the client's certificate chain." },
    Key { path: "/client/export/client_key", doc: "Path of a PEM file: the private key of the client's certificate." },
    Key { path: "/client/export/proxy", doc: "URL of an HTTP proxy (or HTTPS_PROXY, http_proxy)." },
    Key { path: "/client/export/no_proxy", doc: "Hosts reached without the proxy, comma-separated (or NO_PROXY)." },
    Key {
        path: "/client/export/allow_link_local",
        doc: "Whether records may go to link-local addresses, where clouds serve machine credentials; default false.",
    },
    Key { path: "/client/export/resource", doc: "OpenTelemetry resource attributes, such as service.name; scrubbed." },
    Key { path: "/client/export/resource/*", doc: "Text, number, boolean, or an array of one of them." },
    Key { path: "/client/export/resource/*/*", doc: "An element of a resource attribute." },
    Key { path: "/client/export/file", doc: "Path of the file that the file exporter appends to." },
    Key {
        path: "/client/export/file_max_bytes",
        doc: "Bytes at which the file is renamed and a new one begun; 0 means never.",
    },
    Key { path: "/client/export/file_max_count", doc: "Renamed files that are kept; the oldest go first." },
    Key {
        path: "/client/export/breaker_failures",
        doc: "Failures in a row after which nothing is sent for a while; 0 means never.",
    },
    Key { path: "/client/export/breaker_reset_ms", doc: "How long that while is; one request then probes." },
];

/// Who receives the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ExportConfig {
    /// Who receives the records.
    pub exporter: ExporterKind,
    /// How OTLP is encoded; absent means that the environment decides, and otherwise protocol buffers.
    pub protocol: Option<OtlpProtocol>,
    /// Where logs go, used as it is.
    pub logs_endpoint: Option<String>,
    /// Where metrics go, used as it is.
    pub metrics_endpoint: Option<String>,
    /// Where spans go, used as it is.
    pub traces_endpoint: Option<String>,
    /// Further headers. Never printed.
    pub headers: BTreeMap<String, String>,
    /// Of request bodies; absent means that the environment decides, and otherwise gzip.
    pub compression: Option<Compression>,
    /// PEM file of the authorities to trust.
    pub certificate: Option<String>,
    /// PEM file of the client's chain.
    pub client_certificate: Option<String>,
    /// PEM file of the client's key.
    pub client_key: Option<String>,
    /// URL of an HTTP proxy. Never printed: it may carry credentials.
    pub proxy: Option<String>,
    /// Hosts reached without it.
    pub no_proxy: Option<String>,
    /// Whether link-local addresses may be sent to.
    pub allow_link_local: bool,
    /// Resource attributes by name.
    pub resource: BTreeMap<String, Value>,
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
            protocol: None,
            logs_endpoint: None,
            metrics_endpoint: None,
            traces_endpoint: None,
            headers: BTreeMap::new(),
            compression: None,
            certificate: None,
            client_certificate: None,
            client_key: None,
            proxy: None,
            no_proxy: None,
            allow_link_local: false,
            resource: BTreeMap::new(),
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
        require(
            self.client_certificate.is_some() == self.client_key.is_some(),
            "/client/export/client_key",
            "client_certificate and client_key go together: set both or none",
        )?;
        require(
            self.breaker_failures == 0 || self.breaker_reset_ms > 0,
            "/client/export/breaker_reset_ms",
            "must be greater than 0",
        )?;
        for (name, value) in &self.resource {
            let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
            let is_attribute = is_scalar(value) || value.as_array().is_some_and(|list| list.iter().all(is_scalar));
            let path = format!("/client/export/resource/{}", super::escaped(name));
            require(is_attribute, &path, "must be text, a number, a boolean, or an array of them")?;
        }
        Ok(())
    }
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
            "resource":{"service.name":"shop","ports":[1,2]},"headers":{"x-key":"k"}}}}"#;
        let export = Config::from_json(text).unwrap().client.export;
        assert_eq!((export.exporter, export.protocol), (ExporterKind::Otlp, Some(OtlpProtocol::HttpJson)));
        assert_eq!(refused(r#"{"protocol":"grpc"}"#), "/client/export/protocol");
        assert_eq!(refused(r#"{"compression":"br"}"#), "/client/export/compression");
    }

    #[test]
    fn what_belongs_together_is_asked_for_together() {
        assert_eq!(refused(r#"{"exporter":"file"}"#), "/client/export/file");
        assert_eq!(refused(r#"{"client_key":"k.pem"}"#), "/client/export/client_key");
        assert_eq!(refused(r#"{"breaker_reset_ms":0}"#), "/client/export/breaker_reset_ms");
        assert_eq!(refused(r#"{"resource":{"a/b":null}}"#), "/client/export/resource/a~1b");
    }

    #[test]
    fn headers_and_proxies_are_not_printed() {
        let text = r#"{"client":{"export":{"headers":{"x-key":"hunter2"},"proxy":"http://u:hunter2@p"}}}"#;
        let shown = format!("{:?}", Config::from_json(text).unwrap().client.export);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
