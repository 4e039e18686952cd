//! What measurements of one name and one set of attributes add up to.

use std::sync::Arc;

use super::histogram::Buckets;
use super::{MetricKind, Temporality};

/// See the module's words.
#[derive(Clone, Debug)]
pub(super) enum Series {
    /// A counter's sum.
    Sum(f64),
    /// A gauge's last value.
    Last(f64),
    Histogram(Box<Buckets>),
}

impl Series {
    /// Nothing yet; a histogram has these boundaries.
    pub(super) fn new(kind: MetricKind, bounds: &Arc<[f64]>) -> Self {
        match kind {
            MetricKind::Counter | MetricKind::UpDownCounter => Self::Sum(0.0),
            MetricKind::Gauge => Self::Last(0.0),
            MetricKind::Histogram => Self::Histogram(Box::new(Buckets::new(Arc::clone(bounds)))),
        }
    }

    pub(super) fn add(&mut self, value: f64) {
        match self {
            Self::Sum(sum) => *sum += value,
            Self::Last(last) => *last = value,
            Self::Histogram(buckets) => buckets.add(value),
        }
    }
}

impl Temporality {
    /// The word in records.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Delta => "delta",
            Self::Cumulative => "cumulative",
        }
    }
}
