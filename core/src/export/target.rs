//! Where records go, as configured: what is fallible is decided here, before anything starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};
use serde_json::Value;

use super::body::content_encoding;
use super::breaker::BreakerPolicy;
use super::endpoint::{continued, endpoint};
use super::http::Connection;
use super::proxy::proxy_for;
use super::samples::SampleRoutes;
use super::tls::Tls;
use crate::config::{ClientConfig, Compression, ExporterKind, OtlpProtocol, SignalConfig};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::export::Signal;
use crate::json_value::object;
use crate::packing;

/// What the collector's base URL is continued by.
const BATCH_ROUTE: [&str; 5] = ["api", "v1", "telemetry", "events", "batch"];

/// OpenTelemetry's default for `OTEL_EXPORTER_OTLP_ENDPOINT`.
const OTLP_ENDPOINT: &str = "http://localhost:4318";

/// The specification asks for the exporter, its language and its version, behind the distribution's own name.
const OTLP_USER_AGENT: &str =
    concat!("scrubjay/", env!("CARGO_PKG_VERSION"), " OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

/// See the module's words.
pub(crate) struct Target {
    pub(crate) destination: Destination,
    /// R4's routes of the collector, where samples and reports go there.
    pub(super) samples: Option<SampleRoutes>,
    pub(crate) breaker: BreakerPolicy,
}

/// Who receives the records.
pub(crate) enum Destination {
    /// scrubjay's collector.
    Collector(Box<Http>, Url),
    /// An OTLP receiver.
    Otlp(Box<Otlp>),
    File(FileTarget),
    Console,
}

/// What all requests have in common.
pub(crate) struct Http {
    pub(super) connection: Connection,
    pub(super) headers: HeaderMap,
    pub(super) compression: Compression,
}

/// What is OTLP's own.
pub(crate) struct Otlp {
    logs: OtlpRoute,
    metrics: OtlpRoute,
    traces: OtlpRoute,
    /// Attributes of the resource: a scrubbed JSON object.
    pub(super) resource: String,
}

/// How one signal's requests are sent.
pub(crate) struct OtlpRoute {
    pub(super) http: Http,
    pub(super) url: Url,
    pub(super) protocol: OtlpProtocol,
}

impl Otlp {
    pub(super) fn route(&self, signal: Signal) -> &OtlpRoute {
        match signal {
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metrics,
            Signal::Traces => &self.traces,
        }
    }
}

/// The file that records are appended to.
pub(crate) struct FileTarget {
    pub(super) path: PathBuf,
    /// Bytes at which it is renamed; 0 means never.
    pub(super) max_bytes: u64,
    /// Renamed files that are kept.
    pub(super) max_count: u32,
}

impl Target {
    /// Reads addresses, headers and certificates. `engine` scrubs the resource's attributes.
    ///
    /// # Errors
    /// `config_invalid` with the place.
    pub(crate) fn new(client: &ClientConfig, engine: &Engine) -> Result<Self> {
        let export = &client.export;
        let mut samples = None;
        let destination = match export.exporter {
            ExporterKind::Collector => {
                let (http, base) = collector(client)?;
                samples = export.sample_routes.then(|| SampleRoutes::new(&base));
                Destination::Collector(Box::new(http), continued(&base, &BATCH_ROUTE))
            }
            ExporterKind::Otlp => {
                let otlp_base = || match &export.otlp_endpoint {
                    Some(own) => endpoint(own, "/client/export/otlp_endpoint", export.allow_link_local),
                    None => base(client, Some(OTLP_ENDPOINT)),
                };
                Destination::Otlp(Box::new(otlp(client, otlp_base, engine)?))
            }
            ExporterKind::File => Destination::File(FileTarget {
                path: PathBuf::from(export.file.clone().unwrap_or_default()),
                max_bytes: export.file_max_bytes,
                max_count: export.file_max_count,
            }),
            ExporterKind::Console => Destination::Console,
        };
        let reset = Duration::from_millis(u64::from(export.breaker_reset_ms));
        Ok(Self { destination, samples, breaker: BreakerPolicy { failures: export.breaker_failures, reset } })
    }
}

/// The endpoint as configured, or where that is missing the default.
fn base(client: &ClientConfig, default: Option<&str>) -> Result<Url> {
    let text = client.endpoint.as_deref().or(default).ok_or_else(|| {
        let how = "telemetry is on but has no collector: set /client/endpoint or TELEMETRY_ENDPOINT";
        Error::new(ErrorKind::ConfigInvalid, "/client/endpoint", how)
    })?;
    endpoint(text, "/client/endpoint", client.export.allow_link_local)
}

/// How the collector is reached, and its base URL.
pub(super) fn collector(client: &ClientConfig) -> Result<(Http, Url)> {
    let base = base(client, None)?;
    let agent = concat!("scrubjay/", env!("CARGO_PKG_VERSION"));
    let own = Own { section: "", config: &SignalConfig::default() };
    Ok((http(client, &base, agent, "application/json", own)?, base))
}

/// The three routes: a signal's own URL as it is, otherwise the base continued by `v1` and the signal.
fn otlp(client: &ClientConfig, base: impl Fn() -> Result<Url>, engine: &Engine) -> Result<Otlp> {
    let export = &client.export;
    let route = |url: &Option<String>, section: &'static str, config: &SignalConfig| {
        let url = match url {
            Some(own) => endpoint(own, &format!("/client/export{section}_endpoint"), export.allow_link_local)?,
            None => continued(&base()?, &["v1", section.trim_start_matches('/')]),
        };
        let protocol = config.protocol.unwrap_or(export.protocol);
        let content_type = match protocol {
            OtlpProtocol::HttpProtobuf => "application/x-protobuf",
            OtlpProtocol::HttpJson => "application/json",
        };
        let own = Own { section, config };
        let http = http(client, &url, OTLP_USER_AGENT, content_type, own)?;
        Ok(OtlpRoute { http, url, protocol })
    };
    Ok(Otlp {
        logs: route(&export.logs_endpoint, "/logs", &export.logs)?,
        metrics: route(&export.metrics_endpoint, "/metrics", &export.metrics)?,
        traces: route(&export.traces_endpoint, "/traces", &export.traces)?,
        resource: resource(client, engine)?,
    })
}

/// What one signal has of its own, and where that stands below `/client/export`.
#[derive(Clone, Copy)]
struct Own<'a> {
    section: &'static str,
    config: &'a SignalConfig,
}

/// The resource's attributes: what the specification requires, and what is configured. A path or a host's name may be
/// somebody's, so they are scrubbed like a record.
fn resource(client: &ClientConfig, engine: &Engine) -> Result<String> {
    let required = [
        ("service.name", "unknown_service"),
        ("telemetry.sdk.name", "scrubjay"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    let mut attributes = object(required.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    attributes.extend(client.resource.iter().map(|(name, value)| (name.clone(), value.clone())));
    if let Some(name) = &client.service_name {
        attributes.insert("service.name".to_owned(), name.as_str().into());
    }
    let text = Value::Object(attributes).to_string();
    engine.scrub_json(text.as_bytes()).json.ok_or_else(|| {
        Error::new(ErrorKind::ConfigInvalid, "/client/resource", "must be JSON of the form that records have")
    })
}

fn http(
    client: &ClientConfig,
    url: &Url,
    user_agent: &'static str,
    content_type: &'static str,
    own: Own<'_>,
) -> Result<Http> {
    let (export, config) = (&client.export, own.config);
    let mut headers = match &config.headers {
        Some(headers) => further_headers(headers, own.section)?,
        None => further_headers(&export.headers, "")?,
    };
    let compression = config.compression.unwrap_or(export.compression);
    if compression == Compression::Zstd && !packing::IS_LINKED {
        let how = "this library was built without zstd (feature lean): use gzip or none";
        return Err(Error::new(ErrorKind::ConfigInvalid, "/client/export/compression", how));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(encoding) = content_encoding(compression) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Some(api_key) = &client.api_key {
        headers.insert(AUTHORIZATION, bearer(api_key)?);
    }
    let files = [
        config.certificate.as_deref().or(export.certificate.as_deref()),
        config.client_certificate.as_deref().or(export.client_certificate.as_deref()),
        config.client_key.as_deref().or(export.client_key.as_deref()),
    ];
    let [certificate, client_certificate, client_key] = files;
    let tls = Tls::read(certificate, client_certificate, client_key)?;
    Ok(Http {
        connection: Connection {
            tls,
            files: files.map(|file| file.map(str::to_owned)),
            proxy: proxy_for(url, export)?,
            user_agent,
            request_timeout: Duration::from_millis(u64::from(config.timeout_ms.unwrap_or(client.request_timeout_ms))),
            allow_link_local: export.allow_link_local,
        },
        headers,
        compression,
    })
}

fn further_headers(further: &BTreeMap<String, String>, section: &str) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in further {
        let refuse = |message: &str| {
            let path = format!("/client/export{section}/headers/{}", name.replace('~', "~0").replace('/', "~1"));
            Error::new(ErrorKind::ConfigInvalid, path, message)
        };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse("is no name of a header (RFC 9110)"))?;
        if [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING].contains(&name) {
            return Err(refuse("says how the body is sent, which the exporter decides"));
        }
        let mut value = HeaderValue::from_str(value).map_err(|_| refuse("must be visible ASCII"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn bearer(api_key: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {api_key}")).map_err(|_| {
        let message = "must be visible ASCII: it is sent as a bearer token (set here or by TELEMETRY_API_KEY)";
        Error::new(ErrorKind::ConfigInvalid, "/client/api_key", message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
