//! Sending batches away: what can come of a request, and whether it is worth another try.

mod collector;
mod probe;
mod retry;
mod verdict;

pub(crate) use self::collector::{Collector, Target};
pub(crate) use self::probe::{Answer, probe};
pub(crate) use self::retry::{RetryPolicy, worth_waiting};
pub(crate) use self::verdict::Verdict;

use std::time::Duration;

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
    /// 200 with something other than a verdict on each record.
    Verdict,
    /// 200 with an answer beyond the limit.
    VerdictTooLarge,
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
        }
    }

    /// Whether the same request may succeed later (the OTLP list: 429, 502, 503, 504 and the network).
    pub(crate) fn is_retryable(self) -> bool {
        match self {
            Self::Connect | Self::Connection | Self::Timeout => true,
            Self::Status { code, .. } => matches!(code, 429 | 502 | 503 | 504),
            Self::Setup | Self::Request | Self::Verdict | Self::VerdictTooLarge => false,
        }
    }

    /// Whether fewer records at once may succeed: 413 Content Too Large.
    pub(crate) fn wants_less(self) -> bool {
        matches!(self, Self::Status { code: 413, .. })
    }

    /// Whether the collector cannot be reached at all.
    fn is_unreachable(self) -> bool {
        matches!(self, Self::Connect | Self::Timeout)
    }
}
