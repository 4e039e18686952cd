//! The figures of one bucket.
//!
//! Percentiles are exact: a bucket keeps its numbers and interpolates linearly between the two nearest ranks,
//! as SQLite's `percentile()` and `numpy.percentile` do. Days are merged before ranking, so a bucket may span them.
//! Numbers of unlike weights (sampled records, histograms) are ranked by cumulated weight instead. What a histogram
//! holds is known up to the width of its buckets: it stands for points spread evenly within each.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::Number;

use super::super::spec::Aggregation;

/// Points that stand for one bucket of a histogram: the error of a percentile is a tenth of the bucket's width.
const POINTS_PER_BUCKET: u64 = 10;

#[derive(Clone, Default)]
pub(super) struct Figures {
    /// Rows.
    pub(super) records: u64,
    /// What they stand for.
    pub(super) count: f64,
    /// Weight of the numbers.
    numbers: f64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    ranked: Vec<f64>,
    /// Of each ranked number; empty while all weigh the same.
    weights: Vec<f64>,
    weight: f64,
    users: HashSet<u64>,
}

/// A histogram record's own members.
#[derive(Deserialize)]
pub(super) struct Histogram {
    count: u64,
    #[serde(default)]
    sum: Option<f64>,
    #[serde(default)]
    value: f64,
    #[serde(default)]
    min: Option<f64>,
    #[serde(default)]
    max: Option<f64>,
    #[serde(default)]
    bucket_counts: Vec<u64>,
    #[serde(default)]
    explicit_bounds: Vec<f64>,
}

impl Histogram {
    /// What a metric record holds, where it is many measurements and not one.
    pub(super) fn read(record: &str) -> Option<Self> {
        // Most metrics are single values, and are not read for this.
        record.contains("\"bucket_counts\":").then(|| serde_json::from_str(record).ok()).flatten()
    }
}

impl Figures {
    /// Adds a number, and returns how many were kept.
    pub(super) fn add_number(&mut self, number: f64, weight: f64, is_ranked: bool) -> usize {
        self.numbers += weight;
        self.sum += number * weight;
        self.min = Some(self.min.map_or(number, |min| min.min(number)));
        self.max = Some(self.max.map_or(number, |max| max.max(number)));
        if is_ranked {
            self.keep(number, weight);
        }
        usize::from(is_ranked)
    }

    #[allow(clippy::float_cmp, reason = "weights are made of the same few rates by the same division")]
    fn keep(&mut self, number: f64, weight: f64) {
        if self.ranked.is_empty() {
            self.weight = weight;
        }
        if self.weights.is_empty() && weight != self.weight {
            self.weights = vec![self.weight; self.ranked.len()];
        }
        if !self.weights.is_empty() || weight != self.weight {
            self.weights.push(weight);
        }
        self.ranked.push(number);
    }

    /// Adds what a histogram holds, and returns how many points were kept.
    #[allow(clippy::cast_precision_loss, reason = "exact below 2^53 measurements")]
    pub(super) fn add_histogram(&mut self, histogram: &Histogram, weight: f64, is_ranked: bool) -> usize {
        let count = histogram.count as f64;
        self.count += count * weight;
        if histogram.count == 0 {
            return 0;
        }
        self.numbers += count * weight;
        self.sum += histogram.sum.unwrap_or(histogram.value * count) * weight;
        let bounds = &histogram.explicit_bounds;
        let least = histogram.min.or(bounds.first().copied()).unwrap_or(histogram.value);
        let greatest = histogram.max.or(bounds.last().copied()).unwrap_or(histogram.value);
        self.min = Some(self.min.map_or(least, |min| min.min(least)));
        self.max = Some(self.max.map_or(greatest, |max| max.max(greatest)));
        if !is_ranked {
            return 0;
        }
        let before = self.ranked.len();
        for (i, held) in histogram.bucket_counts.iter().enumerate().filter(|(_, held)| **held > 0) {
            let low = i.checked_sub(1).and_then(|below| bounds.get(below)).map_or(least, |bound| bound.max(least));
            let high = bounds.get(i).map_or(greatest, |bound| bound.min(greatest)).max(low);
            let points = (*held).min(POINTS_PER_BUCKET);
            for point in 0..points {
                let share = (point as f64 + 0.5) / points as f64;
                self.keep(low + (high - low) * share, *held as f64 / points as f64 * weight);
            }
        }
        self.ranked.len() - before
    }

    /// Adds a user; true where they are new.
    pub(super) fn add_user(&mut self, user: &str) -> bool {
        // 64 bits: a million users are miscounted once in some ten million answers.
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        self.users.insert(hasher.finish())
    }

    /// Adds what `other` holds.
    pub(super) fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.count += other.count;
        self.numbers += other.numbers;
        self.sum += other.sum;
        self.min = [self.min, other.min].into_iter().flatten().reduce(f64::min);
        self.max = [self.max, other.max].into_iter().flatten().reduce(f64::max);
        let weights = other.weights.into_iter().chain(std::iter::repeat(other.weight));
        for (number, weight) in other.ranked.into_iter().zip(weights) {
            self.keep(number, weight);
        }
        self.users.extend(other.users);
    }

    /// Numbers and users that are kept.
    pub(super) fn ranked(&self) -> usize {
        self.ranked.len() + self.users.len()
    }

    /// Puts the numbers in order.
    pub(super) fn rank(&mut self) {
        if self.weights.is_empty() {
            return self.ranked.sort_unstable_by(f64::total_cmp);
        }
        let mut both: Vec<(f64, f64)> = self.ranked.drain(..).zip(self.weights.drain(..)).collect();
        both.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        (self.ranked, self.weights) = both.into_iter().unzip();
    }

    /// A figure; the numbers are in order.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, whole and not negative")]
    pub(super) fn get(&self, wanted: Aggregation) -> Option<Number> {
        let some = |figure: f64| (self.numbers > 0.0).then_some(figure);
        let figure = match wanted {
            Aggregation::Count => return Some((self.count.round() as u64).into()),
            Aggregation::Records => return Some(self.records.into()),
            Aggregation::Users => return Some(self.users.len().into()),
            Aggregation::Sum => some(self.sum),
            Aggregation::Avg => some(self.sum / self.numbers),
            Aggregation::Min => self.min,
            Aggregation::Max => self.max,
            Aggregation::P50 | Aggregation::P95 | Aggregation::P99 => percent(wanted).and_then(|percent| {
                if self.weights.is_empty() {
                    percentile(&self.ranked, percent)
                } else {
                    weighted(&self.ranked, &self.weights, percent)
                }
            }),
        };
        figure.and_then(Number::from_f64)
    }
}

pub(super) fn percent(aggregation: Aggregation) -> Option<u8> {
    match aggregation {
        Aggregation::P50 => Some(50),
        Aggregation::P95 => Some(95),
        Aggregation::P99 => Some(99),
        _ => None,
    }
}

/// The percentile of sorted numbers at rank `percent / 100 * (n - 1)`, between its two neighbours.
fn percentile(sorted: &[f64], percent: u8) -> Option<f64> {
    let rank = sorted.len().checked_sub(1)? * usize::from(percent);
    let below = *sorted.get(rank / 100)?;
    let above = sorted.get(rank / 100 + 1).copied().unwrap_or(below);
    let share = u8::try_from(rank % 100).map_or(0.0, f64::from) / 100.0;
    Some(below + (above - below) * share)
}

/// The first of the sorted numbers at which `percent` of all weight is reached.
fn weighted(sorted: &[f64], weights: &[f64], percent: u8) -> Option<f64> {
    let wanted = weights.iter().sum::<f64>() * f64::from(percent) / 100.0;
    let mut reached = 0.0;
    let mut pairs = sorted.iter().zip(weights);
    let found = pairs.find(|(_, weight)| {
        reached += **weight;
        reached >= wanted
    });
    found.map(|(number, _)| *number).or(sorted.last().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_parts_are_those_of_the_whole() {
        let figures = |numbers: &[(f64, f64)]| {
            let mut figures = Figures::default();
            for (number, weight) in numbers {
                figures.records += 1;
                figures.count += weight;
                figures.add_number(*number, *weight, true);
                figures.add_user(&format!("u{}", number % 3.0));
            }
            figures
        };
        let all = [(5.0, 1.0), (1.0, 1.0), (7.0, 10.0), (2.0, 10.0), (9.0, 1.0)];
        let wanted = [
            Aggregation::Count,
            Aggregation::Records,
            Aggregation::Users,
            Aggregation::Sum,
            Aggregation::Avg,
            Aggregation::Min,
            Aggregation::Max,
            Aggregation::P50,
            Aggregation::P99,
        ];
        let answers = |mut figures: Figures| {
            figures.rank();
            wanted.map(|wanted| figures.get(wanted))
        };
        let whole = answers(figures(&all));
        for cut in 0..=all.len() {
            let mut merged = figures(&all[..cut]);
            merged.merge(figures(&all[cut..]));
            assert_eq!(answers(merged), whole, "cut at {cut}");
        }
    }

    fn get(figures: &Figures, wanted: Aggregation) -> f64 {
        figures.get(wanted).unwrap().as_f64().unwrap()
    }

    #[test]
    fn percentiles_interpolate_between_ranks() {
        // numpy.percentile([15, 20, 35, 40, 50], [50, 95, 99]) = 35, 48, 49.6
        let sorted = [15.0, 20.0, 35.0, 40.0, 50.0];
        for (percent, expected) in [(50, 35.0), (95, 48.0), (99, 49.6)] {
            assert!((percentile(&sorted, percent).unwrap() - expected).abs() < 1e-9, "p{percent}");
        }
        assert_eq!(percentile(&[7.0], 99), Some(7.0));
        assert_eq!(percentile(&[1.0, 2.0], 50), Some(1.5));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_sampled_number_weighs_what_it_stands_for() {
        let mut figures = Figures::default();
        // One of ten was kept, and all of the others.
        for (number, weight) in [(100.0, 10.0), (1.0, 1.0), (1.0, 1.0)] {
            figures.count += weight;
            figures.add_number(number, weight, true);
        }
        figures.rank();
        assert_eq!(figures.get(Aggregation::Count), Some(12.into()));
        assert!((get(&figures, Aggregation::Sum) - 1_002.0).abs() < 1e-9);
        assert!((get(&figures, Aggregation::Avg) - 83.5).abs() < 1e-9);
        assert!((get(&figures, Aggregation::P50) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn like_weights_are_ranked_as_none() {
        let mut figures = Figures::default();
        for number in [1.0, 2.0] {
            figures.add_number(number, 10.0, true);
        }
        figures.rank();
        assert!((get(&figures, Aggregation::P50) - 1.5).abs() < 1e-9);
    }

    #[test]
    fn a_histogram_counts_as_its_measurements() {
        let record = r#"{"type":"histogram","value":2.5,"count":4,"sum":10,"min":1,"max":4,
                         "bucket_counts":[1,2,1],"explicit_bounds":[2,3]}"#;
        let mut figures = Figures::default();
        figures.add_histogram(&Histogram::read(record).unwrap(), 1.0, true);
        figures.rank();
        assert_eq!(figures.get(Aggregation::Count), Some(4.into()));
        for (wanted, least, most) in [
            (Aggregation::Sum, 10.0, 10.0),
            (Aggregation::Avg, 2.5, 2.5),
            (Aggregation::Min, 1.0, 1.0),
            (Aggregation::Max, 4.0, 4.0),
            (Aggregation::P50, 2.0, 3.0),
            (Aggregation::P99, 3.0, 4.0),
        ] {
            let figure = get(&figures, wanted);
            assert!((least..=most).contains(&figure), "{}: {figure}", wanted.as_str());
        }
        assert!(Histogram::read(r#"{"value":1}"#).is_none());
    }
}
