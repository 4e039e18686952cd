//! All instruments of a client.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::histogram::DEFAULT_BOUNDS;
use super::record::{Interval, record};
use super::series::Series;
use super::{Measurement, MetricKind, Temporality};
use crate::record::Timestamp;

/// Names of metrics; more are a programming error, such as an id in a name.
const MAX_INSTRUMENTS: usize = 1_000;

/// Bytes of a measurement's attributes. A set that is larger identifies something rather than describes it.
const MAX_ATTRIBUTES_BYTES: usize = 4 << 10;

/// OpenTelemetry's attribute of the series that takes what is beyond the limit.
const OVERFLOW: &str = r#"{"otel.metric.overflow":true}"#;

/// As configured.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Sets of attributes a metric may have in an interval, the one for the rest included.
    pub(crate) cardinality: usize,
    pub(crate) temporality: Temporality,
    /// Boundaries of single histograms, in place of the default ones.
    pub(crate) bounds: Arc<BTreeMap<String, Vec<f64>>>,
}

/// See the module's words.
pub(crate) struct Aggregator {
    limits: Limits,
    instruments: BTreeMap<Box<str>, Instrument>,
    /// When the interval, or with cumulative temporality everything, began.
    start: Option<Timestamp>,
}

/// A metric's name with all its series.
pub(super) struct Instrument {
    pub(super) kind: MetricKind,
    pub(super) unit: Box<str>,
    bounds: Arc<[f64]>,
    series: Vec<(Box<str>, Series)>,
    /// From attributes, as they were written and in canonical form, to the place of their series.
    places: HashMap<Box<str>, usize>,
}

impl Aggregator {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, instruments: BTreeMap::new(), start: None }
    }

    /// Whether there is nothing to collect.
    pub(crate) fn is_empty(&self) -> bool {
        self.start.is_none()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.limits.clone());
    }

    /// Adds a measurement made at `now`. Returns whether it was one: a number that fits its kind, under a name that is
    /// not another kind's, with attributes that are a JSON object.
    pub(crate) fn add(&mut self, measurement: &Measurement<'_>, now: Timestamp) -> bool {
        let Measurement { name, kind, unit, value, attributes } = *measurement;
        let attributes = if attributes.is_empty() { "{}" } else { attributes };
        if !value.is_finite() || (kind == MetricKind::Counter && value < 0.0) || attributes.len() > MAX_ATTRIBUTES_BYTES
        {
            return false;
        }
        if !self.instruments.contains_key(name) {
            if self.instruments.len() >= MAX_INSTRUMENTS {
                return false;
            }
            let bounds = self.limits.bounds.get(name).map_or(&DEFAULT_BOUNDS[..], Vec::as_slice);
            self.instruments.insert(name.into(), Instrument::new(kind, unit, bounds.into()));
        }
        let added = self.instruments.get_mut(name).is_some_and(|instrument| {
            instrument.kind == kind && instrument.add(value, attributes, self.limits.cardinality)
        });
        if added {
            self.start.get_or_insert(now);
        }
        added
    }

    /// The records of everything that was measured, up to `now`. With delta temporality the next interval begins.
    pub(crate) fn collect(&mut self, now: Timestamp) -> Vec<String> {
        let Some(start) = self.start else { return Vec::new() };
        let interval = Interval { start, end: now, temporality: self.limits.temporality };
        let mut records = Vec::new();
        for (name, instrument) in &self.instruments {
            let of = |(attributes, series): &(Box<str>, Series)| record(name, instrument, attributes, series, interval);
            records.extend(instrument.series.iter().map(of));
        }
        match self.limits.temporality {
            // Series are forgotten, and so is what made the limit overflow.
            Temporality::Delta => self.clear(),
            Temporality::Cumulative => {}
        }
        records
    }
}

impl Instrument {
    fn new(kind: MetricKind, unit: &str, bounds: Arc<[f64]>) -> Self {
        Self { kind, unit: unit.into(), bounds, series: Vec::new(), places: HashMap::new() }
    }

    fn add(&mut self, value: f64, attributes: &str, limit: usize) -> bool {
        // Hosts write the same attributes in the same way again and again; only a new writing is read.
        let place = match self.places.get(attributes) {
            Some(place) => *place,
            None => match self.place(attributes, limit) {
                Some(place) => place,
                None => return false,
            },
        };
        if let Some((_, series)) = self.series.get_mut(place) {
            series.add(value);
        }
        true
    }

    /// The place of the series of attributes that are written in a new way; nothing where they are no JSON object.
    fn place(&mut self, attributes: &str, limit: usize) -> Option<usize> {
        // The tree sorts names, so that their order makes no difference.
        let canonical = Value::Object(serde_json::from_str::<Map<String, Value>>(attributes).ok()?).to_string();
        let known = self.places.get(canonical.as_str()).copied();
        let is_full = self.series.len() + 1 >= limit;
        let (key, place) = match known {
            Some(place) => (None, place),
            None if is_full => match self.places.get(OVERFLOW) {
                Some(place) => return Some(*place),
                None => (Some(OVERFLOW.into()), self.series.len()),
            },
            None => (Some(canonical.into_boxed_str()), self.series.len()),
        };
        if let Some(key) = key {
            self.series.push((key.clone(), Series::new(self.kind, &self.bounds)));
            self.places.insert(key, place);
        }
        // A few writings of each set are remembered; hosts that never write alike pay with time, not memory.
        if !is_full && self.places.len() < limit.saturating_mul(2) {
            self.places.insert(attributes.into(), place);
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests;
