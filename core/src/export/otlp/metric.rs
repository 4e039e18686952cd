//! Metric records as OTLP metrics: one data point a record, points of one metric together.

use std::collections::HashMap;

use super::fields::metric;
use super::record::Record;
use super::value::{Number, elements, named_value};
use super::writer::{Field, SMALL, Writer};
use crate::json::{Document, Kind};
use crate::metrics::DEFAULT_BOUNDS;
use crate::record::CatalogMetric;

/// `AggregationTemporality`.
const DELTA: u32 = 1;
const CUMULATIVE: u32 = 2;

/// What makes points members of one `Metric`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Identity<'d> {
    name: &'d str,
    kind: &'d str,
    unit: &'d str,
    temporality: u32,
}

/// A metric record, understood.
pub(super) struct Point<'d> {
    record: Record<'d>,
    identity: Identity<'d>,
    value: &'d str,
    attributes: Option<usize>,
    /// Of the interval that the point covers; 0 where unknown.
    start: u64,
    /// Members of an aggregated histogram.
    aggregate: Aggregate<'d>,
}

#[derive(Clone, Copy, Default)]
struct Aggregate<'d> {
    count: Option<&'d str>,
    sum: Option<&'d str>,
    min: Option<&'d str>,
    max: Option<&'d str>,
    bucket_counts: Option<usize>,
    explicit_bounds: Option<usize>,
}

impl<'d> Point<'d> {
    /// Reads a metric record.
    pub(super) fn read(record: Record<'d>) -> Option<Self> {
        let (mut name, mut kind, mut unit, mut value) = (None, None, "", None);
        let (mut attributes, mut start, mut temporality) = (None, 0, DELTA);
        let mut aggregate = Aggregate::default();
        for (member, node) in record.own() {
            let text = record.raw(node);
            match member {
                "name" => name = Some(text),
                "type" => kind = Some(text),
                "unit" => unit = text,
                "value" => value = Some(text),
                "attributes" => attributes = Some(node),
                "start_time_unix_nano" => start = text.parse().unwrap_or(0),
                "aggregation_temporality" if text == "cumulative" => temporality = CUMULATIVE,
                "count" => aggregate.count = Some(text),
                "sum" => aggregate.sum = Some(text),
                "min" => aggregate.min = Some(text),
                "max" => aggregate.max = Some(text),
                "bucket_counts" => aggregate.bucket_counts = Some(node),
                "explicit_bounds" => aggregate.explicit_bounds = Some(node),
                _ => {}
            }
        }
        let identity = Identity { name: name?, kind: kind?, unit, temporality };
        Some(Self { identity, value: value?, attributes, start, aggregate, record })
    }

    /// By how much a counted value grows, because only a share of such records was kept. 1 where all were.
    fn scale(&self) -> f64 {
        let rate = self.record.sample_rate.map_or(1.0, |rate| Number::double(self.record.raw(rate)));
        if rate > 0.0 && rate < 1.0 { 1.0 / rate } else { 1.0 }
    }

    #[expect(clippy::float_cmp, reason = "exactly one means: not sampled")]
    fn number<W: Writer>(&self, out: &mut W, scale: f64) {
        self.common(out, metric::NUMBER_ATTRIBUTES);
        match Number::read(self.value) {
            Number::Integer(value) if scale == 1.0 => out.signed_fixed64(metric::AS_INT, value),
            _ => out.double(metric::AS_DOUBLE, Number::double(self.value) * scale),
        }
        self.exemplar(out, metric::NUMBER_EXEMPLARS);
    }

    fn histogram<W: Writer>(&self, out: &mut W) {
        self.common(out, metric::HISTOGRAM_ATTRIBUTES);
        let document = self.record.document;
        let aggregate = &self.aggregate;
        let value = Number::double(self.value);
        // One measurement stands for itself, or for as many as its sampling left out.
        let single = rounded(self.scale());
        let count = aggregate.count.map_or(single, |text| text.parse().unwrap_or(0));
        let (buckets, bounds) = if let (Some(buckets), Some(bounds)) =
            (aggregate.bucket_counts, aggregate.explicit_bounds)
        {
            (numbers(document, buckets, |text| text.parse().unwrap_or(0)), numbers(document, bounds, Number::double))
        } else if aggregate.count.is_none() {
            (bucket_of(value, count), DEFAULT_BOUNDS.to_vec())
        } else {
            (Vec::new(), Vec::new())
        };
        out.fixed64(metric::HISTOGRAM_COUNT, count);
        let of = |member: Option<&str>| member.map(Number::double);
        #[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 needs no exact sum")]
        let sum = of(aggregate.sum).or(aggregate.count.is_none().then_some(value * count as f64));
        if let Some(sum) = sum {
            out.double(metric::HISTOGRAM_SUM, sum);
        }
        if !buckets.is_empty() {
            out.fixed64s(metric::BUCKET_COUNTS, &buckets);
        }
        if !bounds.is_empty() {
            out.doubles(metric::EXPLICIT_BOUNDS, &bounds);
        }
        self.exemplar(out, metric::HISTOGRAM_EXEMPLARS);
        let is_single = aggregate.count.is_none().then_some(value);
        for (field, member) in [(metric::HISTOGRAM_MIN, aggregate.min), (metric::HISTOGRAM_MAX, aggregate.max)] {
            if let Some(end) = of(member).or(is_single) {
                out.double(field, end);
            }
        }
    }

    /// Times and attributes, which have the same numbers in both kinds of points but for the attributes'.
    fn common<W: Writer>(&self, out: &mut W, attributes: Field) {
        if self.start > 0 {
            out.fixed64(metric::START_TIME, self.start);
        }
        if self.record.time > 0 {
            out.fixed64(metric::TIME, self.record.time);
        }
        if let Some(tenant) = self.record.tenant {
            named_value(out, attributes, "tenant.id", self.record.document, tenant);
        }
        if let Some(object) = self.attributes {
            self.record.room(out, attributes, object);
        }
    }

    /// Who and where would make each point a series of its own; OTLP keeps such things in exemplars.
    fn exemplar<W: Writer>(&self, out: &mut W, field: Field) {
        let record = &self.record;
        if !record.has_named() && record.trace_id.is_none() {
            return;
        }
        out.element(field, SMALL, |out| {
            if record.time > 0 {
                out.fixed64(metric::EXEMPLAR_TIME, record.time);
            }
            match Number::read(self.value) {
                Number::Integer(value) => out.signed_fixed64(metric::EXEMPLAR_INT, value),
                _ => out.double(metric::EXEMPLAR_DOUBLE, Number::double(self.value)),
            }
            if let Some(span_id) = record.span_id {
                out.id(metric::EXEMPLAR_SPAN_ID, record.raw(span_id));
            }
            if let Some(trace_id) = record.trace_id {
                out.id(metric::EXEMPLAR_TRACE_ID, record.raw(trace_id));
            }
            record.named_attributes(out, metric::EXEMPLAR_ATTRIBUTES);
        });
    }
}

/// Writes the points as `Metric`s, each metric where its first point stands.
pub(super) fn metrics<W: Writer>(out: &mut W, field: Field, points: &[Point<'_>]) {
    let mut places = HashMap::new();
    let mut groups: Vec<Vec<&Point<'_>>> = Vec::new();
    for point in points {
        let place = *places.entry(point.identity).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(point),
            None => groups.push(vec![point]),
        }
    }
    for group in groups {
        out.element(field, SMALL, |out| one(out, &group));
    }
}

fn one<W: Writer>(out: &mut W, points: &[&Point<'_>]) {
    let Some(first) = points.first() else { return };
    let Identity { name, kind, unit, temporality } = first.identity;
    out.string(metric::NAME, name);
    if let Some(catalog) = CatalogMetric::named(name) {
        out.string(metric::DESCRIPTION, catalog.about);
    }
    if !unit.is_empty() {
        out.string(metric::UNIT, unit);
    }
    match kind {
        "counter" | "updowncounter" => out.message(metric::SUM, |out| {
            for point in points {
                out.element(metric::DATA_POINTS, SMALL, |out| point.number(out, point.scale()));
            }
            out.number(metric::TEMPORALITY, temporality);
            if kind == "counter" {
                out.boolean(metric::IS_MONOTONIC, true);
            }
        }),
        "histogram" => out.message(metric::HISTOGRAM, |out| {
            for point in points {
                out.element(metric::DATA_POINTS, SMALL, |out| point.histogram(out));
            }
            out.number(metric::TEMPORALITY, temporality);
        }),
        _ => out.message(metric::GAUGE, |out| {
            for point in points {
                out.element(metric::DATA_POINTS, SMALL, |out| point.number(out, 1.0));
            }
        }),
    }
}

fn numbers<T>(document: &Document<'_>, list: usize, read: impl Fn(&str) -> T) -> Vec<T> {
    if document.node(list).kind != Kind::Array {
        return Vec::new();
    }
    elements(document, list).map(|element| read(document.raw(document.node(element)))).collect()
}

/// Bucket counts of `count` measurements of one value.
fn bucket_of(value: f64, count: u64) -> Vec<u64> {
    let mut buckets = vec![0; DEFAULT_BOUNDS.len() + 1];
    buckets[crate::metrics::bucket(&DEFAULT_BOUNDS, value)] = count;
    buckets
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1, and saturating")]
fn rounded(scale: f64) -> u64 {
    scale.round() as u64
}
