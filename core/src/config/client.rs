//! The `client` section as people write it: plain numbers; nothing here starts anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::export::ExportConfig;
use super::key::{Form, Key};
use super::metrics::MetricsConfig;
use super::require;
use super::spool::SpoolConfig;
use crate::error::Result;
use crate::json_value::escaped;

/// The section's keys. What fits OpenTelemetry's batch processors takes their variables too: those of log records
/// first, then those of spans, because one queue carries both.
pub(super) const KEYS: &[Key] = &[
    Key::new("/client", "Switches, queue, batches and export."),
    Key::new("/client/enabled", "Turns collection on or off; off unless something says on.")
        .variables(&[("TELEMETRY_ENABLED", Form::Switch)])
        .most_private(&["false", "true"]),
    Key::new("/client/upload_enabled", "Whether records leave this machine; collection is switched apart.")
        .variables(&[("TELEMETRY_UPLOAD_ENABLED", Form::Switch)])
        .default("true")
        .most_private(&["false", "true"]),
    Key::new("/client/require_consent", "Whether nothing is collected before the user's consent.")
        .variables(&[("TELEMETRY_REQUIRE_CONSENT", Form::Switch)])
        .default("false")
        .most_private(&["true", "false"]),
    Key::new("/client/notice_version", "Version of the privacy notice; a newer one asks for consent anew.")
        .variables(&[("TELEMETRY_NOTICE_VERSION", Form::Text)]),
    Key::new("/client/purposes", "From channel to purpose."),
    Key::new("/client/purposes/*", "diagnostics, performance or analytics."),
    Key::new("/client/state_dir", "Folder of the consent file and its audit trail.")
        .variables(&[("TELEMETRY_STATE_DIR", Form::Text)]),
    Key::new("/client/service_name", "OpenTelemetry's service.name.")
        .variables(&[("TELEMETRY_SERVICE_NAME", Form::Text), ("OTEL_SERVICE_NAME", Form::Text)]),
    Key::new("/client/resource", "Attributes of what sends, by OpenTelemetry's names.")
        .variables(&[("OTEL_RESOURCE_ATTRIBUTES", Form::Pairs)]),
    Key::new("/client/resource/*", "Text, number, boolean, or an array of one of them."),
    Key::new("/client/resource/*/*", "An element of an attribute."),
    Key::new("/client/endpoint", "Base URL of the collector, http or https.")
        .variables(&[("TELEMETRY_ENDPOINT", Form::Text)]),
    Key::new("/client/api_key", "Sent as a bearer token.").variables(&[("TELEMETRY_API_KEY", Form::Text)]).secret(),
    Key::new("/client/queue_max_items", "Records the queue holds; the oldest go first.")
        .variables(&[
            ("TELEMETRY_QUEUE_SIZE", Form::Number),
            ("OTEL_BLRP_MAX_QUEUE_SIZE", Form::Number),
            ("OTEL_BSP_MAX_QUEUE_SIZE", Form::Number),
        ])
        .default("2048")
        .unit("records"),
    Key::new("/client/queue_max_bytes", "Bytes the queue holds; the oldest go first.").default("4194304").unit("bytes"),
    Key::new("/client/batch_max_items", "Records a request carries at most; no more than 1000.")
        .variables(&[
            ("TELEMETRY_BATCH_SIZE", Form::Number),
            ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", Form::Number),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Form::Number),
        ])
        .default("100")
        .unit("records"),
    Key::new("/client/batch_max_bytes", "Bytes a request carries at most, before compression.")
        .default("524288")
        .unit("bytes"),
    Key::new("/client/flush_interval_ms", "The longest a record waits for its batch to fill.")
        .variables(&[
            ("TELEMETRY_FLUSH_INTERVAL", Form::Seconds),
            ("OTEL_BLRP_SCHEDULE_DELAY", Form::Number),
            ("OTEL_BSP_SCHEDULE_DELAY", Form::Number),
        ])
        .default("5000")
        .unit("ms"),
    Key::new("/client/request_timeout_ms", "The longest one request may take.")
        .variables(&[("TELEMETRY_TIMEOUT", Form::Seconds), ("OTEL_EXPORTER_OTLP_TIMEOUT", Form::Number)])
        .default("10000")
        .unit("ms"),
    Key::new("/client/retry_max_attempts", "Tries of one batch, the first included.").default("4").unit("tries"),
    Key::new("/client/retry_initial_ms", "Upper end of the first retry's random wait; doubles each time.")
        .default("1000")
        .unit("ms"),
    Key::new("/client/retry_max_ms", "Upper end of any retry's wait.").default("30000").unit("ms"),
];

/// What records are collected for. Consent is given to each apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Finding what goes wrong: logs, traces, replay inconsistencies.
    Diagnostics,
    /// Finding what is slow: metrics, spans, performance samples.
    Performance,
    /// Learning what is used: events whose channel has no other purpose.
    Analytics,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Diagnostics, Self::Performance, Self::Analytics];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Diagnostics => "diagnostics",
            Self::Performance => "performance",
            Self::Analytics => "analytics",
        }
    }
}

/// The `client` section.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools, reason = "switches, each under its own name in the file")]
pub struct ClientConfig {
    /// Explicit switch; absent means that the environment or the user's consent decides, and the default is off.
    pub enabled: Option<bool>,
    /// Whether anything is sent. Where not, records wait in the bounded queue.
    pub upload_enabled: bool,
    /// Whether the user has to consent before anything is collected, whatever else says on.
    pub require_consent: bool,
    /// Version of the privacy notice that users see. Compared by its numbers from left to right.
    pub notice_version: Option<String>,
    /// Purposes of channels that have another one than analytics.
    pub purposes: BTreeMap<String, Purpose>,
    /// Where consent is kept; by default the user's state folder.
    pub state_dir: Option<String>,
    /// OpenTelemetry's `service.name`.
    pub service_name: Option<String>,
    /// Further attributes of what sends.
    pub resource: BTreeMap<String, Value>,
    /// Base URL of the collector; `/api/v1/telemetry/events/batch` is appended.
    pub endpoint: Option<String>,
    /// Sent as `authorization: Bearer …`. Never printed.
    pub api_key: Option<String>,
    /// Records the queue holds. OpenTelemetry's default for a batch processor.
    pub queue_max_items: u32,
    /// Bytes the queue holds: eight full batches.
    pub queue_max_bytes: u32,
    /// Records a request carries (R4: 100).
    pub batch_max_items: u32,
    /// Bytes a request carries: large enough to compress well, small enough to resend.
    pub batch_max_bytes: u32,
    /// Milliseconds a record waits for its batch (R4: 5 s).
    pub flush_interval_ms: u32,
    /// Milliseconds one request may take (OTLP's default: 10 s).
    pub request_timeout_ms: u32,
    /// Tries of one batch, the first included (R4: 3 retries).
    pub retry_max_attempts: u32,
    /// Milliseconds: upper end of the first wait.
    pub retry_initial_ms: u32,
    /// Milliseconds: upper end of any wait.
    pub retry_max_ms: u32,
    /// What cannot be sent waits on the disk, where a folder is given.
    pub spool: SpoolConfig,
    /// Whether `track` returns when the scrubbed record is on the disk for good. Needs a spool.
    pub durable: bool,
    /// Whether the client's own books are sent as metrics, once a minute.
    pub self_metrics: bool,
    /// Where records go, in which form, and over which connection.
    pub export: ExportConfig,
    /// How measurements are added up.
    pub metrics: MetricsConfig,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            enabled: None,
            upload_enabled: true,
            require_consent: false,
            notice_version: None,
            purposes: BTreeMap::new(),
            state_dir: None,
            service_name: None,
            resource: BTreeMap::new(),
            endpoint: None,
            api_key: None,
            queue_max_items: 2_048,
            queue_max_bytes: 4 << 20,
            batch_max_items: 100,
            batch_max_bytes: 512 << 10,
            flush_interval_ms: 5_000,
            request_timeout_ms: 10_000,
            retry_max_attempts: 4,
            retry_initial_ms: 1_000,
            retry_max_ms: 30_000,
            spool: SpoolConfig::default(),
            durable: false,
            self_metrics: false,
            export: ExportConfig::default(),
            metrics: MetricsConfig::default(),
        }
    }
}

impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("enabled", &self.enabled)
            .field("endpoint", &self.endpoint)
            .field("api_key", &self.api_key.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

impl ClientConfig {
    /// Checks what types alone cannot say.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(endpoint) = &self.endpoint {
            require(
                endpoint.starts_with("http://") || endpoint.starts_with("https://"),
                "/client/endpoint",
                "must be a URL that starts with http:// or https://",
            )?;
        }
        for (value, path) in [
            (self.queue_max_items, "/client/queue_max_items"),
            (self.queue_max_bytes, "/client/queue_max_bytes"),
            (self.batch_max_items, "/client/batch_max_items"),
            (self.batch_max_bytes, "/client/batch_max_bytes"),
            (self.flush_interval_ms, "/client/flush_interval_ms"),
            (self.request_timeout_ms, "/client/request_timeout_ms"),
            (self.retry_max_attempts, "/client/retry_max_attempts"),
        ] {
            require(value > 0, path, "must be greater than 0")?;
        }
        require(self.batch_max_items <= 1_000, "/client/batch_max_items", "must be at most 1000")?;
        for (name, value) in &self.resource {
            let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
            let is_attribute = is_scalar(value) || value.as_array().is_some_and(|list| list.iter().all(is_scalar));
            let path = format!("/client/resource/{}", escaped(name));
            require(is_attribute, &path, "must be text, a number, a boolean, or an array of them")?;
        }
        self.spool.check()?;
        self.export.check()?;
        self.metrics.check()
    }
}
