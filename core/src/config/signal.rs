//! The sections `client.export.logs`, `.metrics` and `.traces`: what one signal's OTLP requests have of their own. What is
//! set there takes the place of the same key of `client.export`, whole, as OpenTelemetry defines it: headers for one
//! receiver are no business of another.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::export::{Compression, OtlpProtocol};
use super::{Form, Key};

/// The keys of one signal, whose name stands in its variables in capitals.
macro_rules! keys_of {
    ($signal:literal, $variable:literal) => {
        [
            Key::new(
                concat!("/client/export/", $signal),
                concat!("What OTLP requests for ", $signal, " have of their own."),
            ),
            Key::new(concat!("/client/export/", $signal, "/protocol"), "In place of /client/export/protocol.")
                .variables(&[(concat!("OTEL_EXPORTER_OTLP_", $variable, "_PROTOCOL"), Form::Text)]),
            Key::new(concat!("/client/export/", $signal, "/headers"), "In place of all of /client/export/headers.")
                .variables(&[(concat!("OTEL_EXPORTER_OTLP_", $variable, "_HEADERS"), Form::Pairs)])
                .secret(),
            Key::new(concat!("/client/export/", $signal, "/headers/*"), "The value of one header.").secret(),
            Key::new(concat!("/client/export/", $signal, "/compression"), "In place of /client/export/compression.")
                .variables(&[(concat!("OTEL_EXPORTER_OTLP_", $variable, "_COMPRESSION"), Form::Text)]),
            Key::new(concat!("/client/export/", $signal, "/timeout_ms"), "In place of /client/request_timeout_ms.")
                .variables(&[(concat!("OTEL_EXPORTER_OTLP_", $variable, "_TIMEOUT"), Form::Number)])
                .unit("ms"),
            Key::new(concat!("/client/export/", $signal, "/certificate"), "In place of /client/export/certificate.")
                .variables(&[(concat!("OTEL_EXPORTER_OTLP_", $variable, "_CERTIFICATE"), Form::Text)]),
            Key::new(
                concat!("/client/export/", $signal, "/client_certificate"),
                "In place of /client/export/client_certificate.",
            )
            .variables(&[(concat!("OTEL_EXPORTER_OTLP_", $variable, "_CLIENT_CERTIFICATE"), Form::Text)]),
            Key::new(concat!("/client/export/", $signal, "/client_key"), "In place of /client/export/client_key.")
                .variables(&[(concat!("OTEL_EXPORTER_OTLP_", $variable, "_CLIENT_KEY"), Form::Text)]),
        ]
    };
}

/// Keys of the sections.
pub(super) const KEYS: [&[Key]; 3] =
    [&keys_of!("logs", "LOGS"), &keys_of!("metrics", "METRICS"), &keys_of!("traces", "TRACES")];

/// One of the sections. What is absent is as for all signals.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignalConfig {
    /// How OTLP is encoded.
    pub protocol: Option<OtlpProtocol>,
    /// Further headers. Never printed.
    pub headers: Option<BTreeMap<String, String>>,
    /// Of request bodies.
    pub compression: Option<Compression>,
    /// Milliseconds that one request may take.
    pub timeout_ms: Option<u32>,
    /// PEM file of the authorities to trust.
    pub certificate: Option<String>,
    /// PEM file of the client's chain.
    pub client_certificate: Option<String>,
    /// PEM file of the client's key.
    pub client_key: Option<String>,
}

impl fmt::Debug for SignalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalConfig")
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}
