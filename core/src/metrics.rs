//! Measurements added up in the client: what is sent is one record per name and attributes and interval, not one per
//! measurement.
//!
//! Pure: time is handed in. What comes out are metric records as a host might have tracked them; they go through the
//! engine like any other, so attributes are scrubbed there.

mod aggregator;
mod histogram;
mod record;
mod series;

pub(crate) use self::aggregator::{Aggregator, Limits};
pub(crate) use self::histogram::{DEFAULT_BOUNDS, bucket};

/// How measurements of one name add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Added; never falls.
    Counter,
    /// Added; may fall.
    UpDownCounter,
    /// The last one counts.
    Gauge,
    /// Counted by buckets.
    Histogram,
}

impl MetricKind {
    /// The `type` of its records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "updowncounter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// The kind that a record's `type` names.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Counter, Self::UpDownCounter, Self::Gauge, Self::Histogram]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Measurement<'a> {
    /// What is measured, by OpenTelemetry's rules for names of instruments.
    pub name: &'a str,
    /// How it adds up. The first measurement of a name decides; others of another kind are refused.
    pub kind: MetricKind,
    /// UCUM unit; empty where there is none. The first measurement of a name decides.
    pub unit: &'a str,
    /// The measurement.
    pub value: f64,
    /// A JSON object, or nothing, which is an empty one.
    pub attributes: &'a str,
}

/// What an exported sum or histogram covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Temporality {
    /// Its interval; then it starts anew, and what is not measured again is forgotten.
    Delta,
    /// Everything since the first measurement.
    Cumulative,
}
