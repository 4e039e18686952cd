//! Sending records away: to a collector, to an OTLP receiver, into a file; what can come of a request, and whether it
//! is worth another try.

mod body;
mod breaker;
mod deletion;
mod endpoint;
mod exporter;
mod file;
mod http;
pub(crate) mod otlp;
mod preview;
mod probe;
mod proxy;
mod request;
mod retry;
mod samples;
mod target;
mod tls;
mod verdict;

#[cfg(feature = "twin")]
pub(crate) use self::body::compress;
pub(crate) use self::deletion::{DeletionRoute, is_addressable};
pub(crate) use self::exporter::Exporter;
pub(crate) use self::probe::{Answer, probe};
pub(crate) use self::retry::{RetryPolicy, worth_waiting};
pub(crate) use self::target::Target;
pub(crate) use self::verdict::Verdict;

use std::time::Duration;

/// What OTLP sends apart, to a route of its own each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    /// Events, log entries, traces of R3, samples.
    Logs,
    /// Metrics.
    Metrics,
    /// Spans.
    Traces,
}

impl Signal {
    /// Of a canonical record, whose first member is its schema.
    pub(crate) fn of(record: &str) -> Self {
        let schema = record.strip_prefix(r#"{"schema":"telemetry_"#).unwrap_or_default();
        if schema.starts_with("metric_v1\"") {
            Self::Metrics
        } else if schema.starts_with("span_v1\"") {
            Self::Traces
        } else {
            Self::Logs
        }
    }
}

/// Why a request came to nothing. What happened, and whether to retry, are separate questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No TLS configuration or HTTP client could be made.
    Setup,
    /// The request could not be built.
    Request,
    /// No connection, name, or TLS session.
    Connect,
    /// The connection broke before the answer was complete.
    Connection,
    /// No complete answer within the request's time.
    Timeout,
    /// An answer other than 200.
    Status { code: u16, retry_after: Option<Duration> },
    /// 200 with something other than what the route answers.
    Verdict,
    /// 200 with an answer beyond the limit.
    VerdictTooLarge,
    /// The file exporter's file could not be written.
    File,
}

impl Failure {
    /// A short phrase for the statistics; never an address or a user's value.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Setup => "client setup failed".to_owned(),
            Self::Request => "request could not be built".to_owned(),
            Self::Connect => "connect failed".to_owned(),
            Self::Connection => "connection lost".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Status { code, .. } => format!("status {code}"),
            Self::Verdict => "unreadable verdict".to_owned(),
            Self::VerdictTooLarge => "verdict too large".to_owned(),
            Self::File => "file could not be written".to_owned(),
        }
    }

    /// Whether the same request may succeed later (the OTLP list: 429, 502, 503, 504 and the network).
    pub(crate) fn is_retryable(self) -> bool {
        match self {
            Self::Connect | Self::Connection | Self::Timeout => true,
            Self::Status { code, .. } => matches!(code, 429 | 502 | 503 | 504),
            Self::Setup | Self::Request | Self::Verdict | Self::VerdictTooLarge | Self::File => false,
        }
    }

    /// Whether fewer records at once may succeed: 413 Content Too Large.
    pub(crate) fn wants_less(self) -> bool {
        matches!(self, Self::Status { code: 413, .. })
    }

    /// Whether the other side cannot be reached at all.
    fn is_unreachable(self) -> bool {
        matches!(self, Self::Connect | Self::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_told_by_the_schema_alone() {
        for (record, signal) in [
            (r#"{"schema":"telemetry_event_v1","payload":{"schema":"telemetry_span_v1"}}"#, Signal::Logs),
            (r#"{"schema":"telemetry_trace_v1"}"#, Signal::Logs),
            (r#"{"schema":"telemetry_log_v1"}"#, Signal::Logs),
            (r#"{"schema":"perf_sample_v1"}"#, Signal::Logs),
            (r#"{"schema":"telemetry_metric_v1"}"#, Signal::Metrics),
            (r#"{"schema":"telemetry_span_v1"}"#, Signal::Traces),
        ] {
            assert_eq!(Signal::of(record), signal, "{record}");
        }
    }
}
