//! Data points as `telemetry_metric_v1`: one record a point.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as NumberValue;
use opentelemetry_proto::tonic::metrics::v1::{
    DataPointFlags, Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint,
    SummaryDataPoint,
};

use super::attributes::Attributes;
use super::text::{Object, double, id, object};
use super::{Origin, Sink, own};
use crate::record::RecordKind;

/// `AggregationTemporality`'s cumulative.
const CUMULATIVE: i32 = 2;

/// Takes the points of a metric.
pub(super) fn take(metric: &Metric, origin: &Origin<'_>, sink: &mut Sink) {
    match metric.data.as_ref() {
        Some(Data::Gauge(gauge)) => {
            let series = Series { metric, origin, kind: "gauge", temporality: None };
            gauge.data_points.iter().for_each(|point| series.number(point, sink));
        }
        Some(Data::Sum(sum)) => {
            let kind = if sum.is_monotonic { "counter" } else { "updowncounter" };
            let series = Series { metric, origin, kind, temporality: Some(sum.aggregation_temporality) };
            sum.data_points.iter().for_each(|point| series.number(point, sink));
        }
        Some(Data::Histogram(histogram)) => {
            let temporality = Some(histogram.aggregation_temporality);
            let series = Series { metric, origin, kind: "histogram", temporality };
            histogram.data_points.iter().for_each(|point| series.histogram(point, sink));
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let temporality = Some(histogram.aggregation_temporality);
            let series = Series { metric, origin, kind: "histogram", temporality };
            histogram.data_points.iter().for_each(|point| series.exponential(point, sink));
        }
        Some(Data::Summary(summary)) => {
            // A summary is of everything since its start.
            let series = Series { metric, origin, kind: "histogram", temporality: Some(CUMULATIVE) };
            summary.data_points.iter().for_each(|point| series.summary(point, sink));
        }
        // A metric without points is nothing that could be lost.
        None => {}
    }
}

/// What all points of a metric share.
struct Series<'a> {
    metric: &'a Metric,
    origin: &'a Origin<'a>,
    kind: &'static str,
    temporality: Option<i32>,
}

/// What every kind of point has.
struct Point<'a> {
    attributes: &'a [KeyValue],
    start: u64,
    time: u64,
    flags: u32,
    exemplars: &'a [Exemplar],
}

/// A histogram's figures, of which a point may lack some.
#[derive(Default)]
struct Figures {
    count: u64,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    bucket_counts: Vec<u64>,
    explicit_bounds: Vec<f64>,
}

const NOT_FINITE: &str = "a data point's value must be a finite number";

impl Series<'_> {
    fn number(&self, point: &NumberDataPoint, sink: &mut Sink) {
        let common = Point {
            attributes: &point.attributes,
            start: point.start_time_unix_nano,
            time: point.time_unix_nano,
            flags: point.flags,
            exemplars: &point.exemplars,
        };
        let value = match point.value {
            Some(NumberValue::AsInt(value)) => Some(value.to_string()),
            Some(NumberValue::AsDouble(value)) => double(value),
            None => None,
        };
        self.write(&common, value, None, sink);
    }

    fn histogram(&self, point: &HistogramDataPoint, sink: &mut Sink) {
        let common = Point {
            attributes: &point.attributes,
            start: point.start_time_unix_nano,
            time: point.time_unix_nano,
            flags: point.flags,
            exemplars: &point.exemplars,
        };
        let figures = Figures {
            count: point.count,
            sum: point.sum,
            min: point.min,
            max: point.max,
            bucket_counts: point.bucket_counts.clone(),
            explicit_bounds: point.explicit_bounds.clone(),
        };
        self.figures(&common, figures, sink);
    }

    fn exponential(&self, point: &ExponentialHistogramDataPoint, sink: &mut Sink) {
        let common = Point {
            attributes: &point.attributes,
            start: point.start_time_unix_nano,
            time: point.time_unix_nano,
            flags: point.flags,
            exemplars: &point.exemplars,
        };
        let (bucket_counts, explicit_bounds) = explicit(point);
        let figures = Figures {
            count: point.count,
            sum: point.sum,
            min: point.min,
            max: point.max,
            bucket_counts,
            explicit_bounds,
        };
        self.figures(&common, figures, sink);
    }

    /// A summary's quantiles cannot be added up with others'; its least and greatest can.
    fn summary(&self, point: &SummaryDataPoint, sink: &mut Sink) {
        let common = Point {
            attributes: &point.attributes,
            start: point.start_time_unix_nano,
            time: point.time_unix_nano,
            flags: point.flags,
            exemplars: &[],
        };
        let at = |end: f64| {
            let found = point.quantile_values.iter().find(|quantile| (quantile.quantile - end).abs() < f64::EPSILON);
            found.map(|quantile| quantile.value)
        };
        let figures =
            Figures { count: point.count, sum: Some(point.sum), min: at(0.0), max: at(1.0), ..Figures::default() };
        self.figures(&common, figures, sink);
    }

    fn figures(&self, point: &Point<'_>, figures: Figures, sink: &mut Sink) {
        #[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 needs no exact mean")]
        let mean = match figures.sum {
            Some(sum) if figures.count > 0 => double(sum / figures.count as f64),
            _ => Some("0".to_owned()),
        };
        self.write(point, mean, Some(figures), sink);
    }

    fn write(&self, point: &Point<'_>, value: Option<String>, figures: Option<Figures>, sink: &mut Sink) {
        if point.flags & DataPointFlags::NoRecordedValueMask as u32 != 0 {
            // It says that a series has ended, which no record does.
            return;
        }
        let Some(value) = value else { return sink.reject(NOT_FINITE) };
        let is_own = self.origin.is_own();
        let mut attributes = Attributes::of(point.attributes);
        let mut record = String::with_capacity(512);
        object(&mut record, |out| {
            out.string("schema", RecordKind::Metric.table().schema);
            if !is_own {
                out.string("id", &sink.ids.next());
            }
            out.time(point.time);
            if is_own {
                envelope(&mut attributes, point.exemplars, out);
            }
            out.string("name", &self.metric.name);
            out.string("type", self.kind);
            if !self.metric.unit.is_empty() {
                out.string("unit", &self.metric.unit);
            }
            // What a client measured once has no interval; of its own single values the count says nothing more.
            let is_single = is_own && point.start == 0;
            let is_one = is_single && figures.as_ref().is_some_and(|figures| figures.count == 1);
            out.json("value", &value);
            if is_own {
                own::room(&attributes, out, RecordKind::Metric);
            } else {
                out.object("attributes", |out| attributes.write(out, self.origin));
            }
            if let Some(temporality) = self.temporality.filter(|_| !is_single) {
                let word = if temporality == CUMULATIVE { "cumulative" } else { "delta" };
                out.string("aggregation_temporality", word);
            }
            if point.start > 0 {
                out.string("start_time_unix_nano", &point.start.to_string());
            }
            if let Some(figures) = figures.filter(|_| !is_one) {
                figures.write(out);
            }
        });
        sink.push(&record);
    }
}

impl Figures {
    fn write(&self, out: &mut Object<'_>) {
        out.json("count", self.count);
        for (name, value) in [("sum", self.sum), ("min", self.min), ("max", self.max)] {
            if let Some(text) = value.and_then(double) {
                out.json(name, text);
            }
        }
        let bounds: Option<Vec<String>> = self.explicit_bounds.iter().copied().map(double).collect();
        if let Some(bounds) = bounds.filter(|_| !self.bucket_counts.is_empty()) {
            out.list("bucket_counts", &self.bucket_counts, |out, count| out.push_str(&count.to_string()));
            out.list("explicit_bounds", bounds, |out, bound| out.push_str(&bound));
        }
    }
}

/// The envelope of a record that our client exported: who and where stand in an exemplar there.
fn envelope(attributes: &mut Attributes<'_>, exemplars: &[Exemplar], out: &mut Object<'_>) {
    if let Some(tenant) = attributes.take("tenant.id") {
        out.any("tenant_id", Some(tenant));
    }
    let Some(exemplar) = exemplars.first() else { return };
    let mut who = Attributes::of(&exemplar.filtered_attributes);
    own::identity(&mut who, out, "scrubjay.id");
    let ids = (id(&exemplar.trace_id, 16), id(&exemplar.span_id, 8));
    own::context(&mut who, out, &ids);
}

/// The greatest number of bounds that an exponential histogram has by OpenTelemetry's default on either side of zero,
/// doubled for other settings. What has more comes without buckets.
const MAX_BOUNDS: usize = 320;

/// An exponential histogram's buckets with explicit bounds. Where there are values below zero, or too many buckets,
/// there are none: count, sum, least and greatest are exact all the same.
fn explicit(point: &ExponentialHistogramDataPoint) -> (Vec<u64>, Vec<f64>) {
    let is_empty = |counts: &[u64]| counts.iter().all(|count| *count == 0);
    let Some(positive) = point.positive.as_ref() else { return Default::default() };
    let has_negative = point.negative.as_ref().is_some_and(|negative| !is_empty(&negative.bucket_counts));
    if has_negative || positive.bucket_counts.is_empty() || positive.bucket_counts.len() > MAX_BOUNDS {
        return Default::default();
    }
    let base = 2_f64.powf(2_f64.powi(-point.scale));
    // Bucket i holds what is above base^(offset + i) and at most base^(offset + i + 1); what is zero is below all.
    let bounds: Vec<f64> =
        (0..=positive.bucket_counts.len()).map(|i| base.powf(f64::from(positive.offset) + small(i))).collect();
    let rises = bounds.iter().all(|bound| bound.is_finite()) && bounds.windows(2).all(|pair| pair[0] < pair[1]);
    if !rises {
        return Default::default();
    }
    let mut counts = Vec::with_capacity(bounds.len() + 1);
    counts.push(point.zero_count);
    counts.extend(&positive.bucket_counts);
    counts.push(0);
    (counts, bounds)
}

/// A place in a list of at most [`MAX_BOUNDS`].
fn small(i: usize) -> f64 {
    f64::from(u16::try_from(i).unwrap_or(u16::MAX))
}
