//! Which records travel together, and a request that carries some.

use reqwest::header::HeaderValue;

use super::Signal;
use super::samples::SampleRoutes;
use super::target::{Destination, Target};

/// What a request carries, and by that where it goes. Records of one request are alike in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RequestKind {
    /// Any number of records of one signal.
    Batch(Signal),
    /// One `perf_sample_v1`, on R4's route.
    PerfSample,
    /// One `replay_inconsistency_v1`, on R4's route.
    ReplayInconsistency,
}

impl RequestKind {
    /// Whether a request of this kind carries one record only.
    pub(crate) fn is_single(self) -> bool {
        !matches!(self, Self::Batch(_))
    }
}

/// A request as it will be sent, any number of times: the same ids in the same bytes.
pub(crate) struct Request {
    pub(super) kind: RequestKind,
    pub(super) body: Vec<u8>,
    /// Records that the caller handed over.
    pub(super) records: u64,
    /// Those of them that have no form in the request.
    pub(super) left_out: u64,
    /// The value of `x-correlation-id`: the id of the one record.
    pub(super) correlation_id: Option<HeaderValue>,
}

impl Request {
    /// The size of what travels.
    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }
}

impl Target {
    /// The kind of the request that a canonical record travels in: OTLP has one for each signal, and R4 one for each
    /// sample.
    pub(crate) fn kind_of(&self, record: &str) -> RequestKind {
        match &self.destination {
            Destination::Otlp(..) => RequestKind::Batch(Signal::of(record)),
            Destination::Collector(..) if self.samples.is_some() => {
                SampleRoutes::kind_of(record).unwrap_or(RequestKind::Batch(Signal::Logs))
            }
            Destination::Collector(..) | Destination::File(_) | Destination::Console => {
                RequestKind::Batch(Signal::Logs)
            }
        }
    }
}
