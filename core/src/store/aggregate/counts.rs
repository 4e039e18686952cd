//! What rows came to so far: figures by start and group, which can be put together and kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::spec::AggregateSpec;
use super::figures::Figures;
use super::{Bucket, Buckets};
use crate::error::{Error, ErrorKind, Result};

/// Buckets kept while counting, 100 to 200 bytes each.
const MAX_BUCKETS: usize = 200_000;

/// Numbers and users kept for percentiles and distinct counts: 128 MiB.
const MAX_RANKED: usize = 16 << 20;

/// What a bucket takes beside its numbers and users, in their size.
const BUCKET_SIZE: usize = 24;

/// How many numbers and users all parts of one answer have kept.
#[derive(Default)]
pub(in super::super) struct Spent(AtomicUsize);

impl Spent {
    /// Counts `ranked` more.
    pub(in super::super) fn add(&self, ranked: usize) {
        self.0.fetch_add(ranked, Ordering::Relaxed);
    }

    fn sub(&self, ranked: usize) {
        self.0.fetch_sub(ranked, Ordering::Relaxed);
    }
}

/// See the module.
#[derive(Clone, Default)]
pub(in super::super) struct Counts {
    /// By start, then by group; the order of the answer. Holds places in `figures`.
    pub(super) buckets: BTreeMap<i64, HashMap<String, usize>>,
    pub(super) figures: Vec<Figures>,
}

impl Counts {
    /// The figures of a bucket.
    pub(super) fn place_of(&mut self, start: i64, group: &str) -> usize {
        let groups = self.buckets.entry(start).or_default();
        if let Some(place) = groups.get(group) {
            return *place;
        }
        groups.insert(group.to_owned(), self.figures.len());
        self.figures.push(Figures::default());
        self.figures.len() - 1
    }

    /// Adds what `other` holds.
    pub(in super::super) fn merge(&mut self, other: Self, spent: &Spent) {
        let mut figures: Vec<Option<Figures>> = other.figures.into_iter().map(Some).collect();
        for (start, groups) in other.buckets {
            for (group, place) in groups {
                let Some(more) = figures.get_mut(place).and_then(Option::take) else { continue };
                let place = self.place_of(start, &group);
                let Some(own) = self.figures.get_mut(place) else { continue };
                let before = own.ranked() + more.ranked();
                if own.records == 0 {
                    *own = more;
                } else {
                    own.merge(more);
                }
                // Users whom both had are kept once.
                spent.sub(before - own.ranked());
            }
        }
    }

    /// Numbers and users that are kept.
    pub(in super::super) fn ranked(&self) -> usize {
        self.figures.iter().map(Figures::ranked).sum()
    }

    /// What this takes, in numbers of 8 bytes.
    pub(in super::super) fn size(&self) -> usize {
        self.ranked() + self.figures.len() * BUCKET_SIZE
    }

    /// # Errors
    /// `argument_invalid` where the answer is too large to be computed in memory.
    pub(in super::super) fn check(&self, spent: &Spent) -> Result<()> {
        let (path, message) = if self.figures.len() > MAX_BUCKETS {
            ("/group_by", format!("more than {MAX_BUCKETS} groups: shorten the time range or group by less"))
        } else if spent.0.load(Ordering::Relaxed) > MAX_RANKED {
            ("/aggregations", format!("figures over more than {MAX_RANKED} numbers: shorten the time range"))
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::ArgumentInvalid, path, message))
    }

    /// The answer to `spec`.
    pub(in super::super) fn finish(self, spec: &AggregateSpec) -> Buckets {
        let mut figures: Vec<Option<Figures>> = self.figures.into_iter().map(Some).collect();
        let mut buckets = Vec::new();
        let mut truncated = false;
        for (start, groups) in self.buckets {
            let mut groups: Vec<(String, usize)> = groups.into_iter().collect();
            groups.sort_unstable();
            let mut all = Vec::new();
            for (group, place) in groups {
                // Without `top` no bucket beyond the limit is worth ranking its numbers.
                if spec.top.is_none() && buckets.len() + all.len() == spec.limit {
                    truncated = true;
                    break;
                }
                let Some(mut own) = figures.get_mut(place).and_then(Option::take) else { continue };
                own.rank();
                let figures = spec.aggregations.iter().map(|wanted| (*wanted, own.get(*wanted))).collect();
                all.push(Bucket { start: spec.interval.map(|_| start), group, figures });
            }
            if let Some((most, order_by)) = spec.top {
                let figure = |bucket: &Bucket| {
                    let figure = bucket.figures.iter().find(|(wanted, _)| *wanted == order_by);
                    figure.and_then(|(_, number)| number.as_ref()?.as_f64()).unwrap_or(f64::NEG_INFINITY)
                };
                // Stable: equals stay in order of their groups.
                all.sort_by(|a, b| figure(b).total_cmp(&figure(a)));
                all.truncate(most);
            }
            buckets.append(&mut all);
        }
        truncated |= buckets.len() > spec.limit;
        buckets.truncate(spec.limit);
        Buckets { buckets, truncated }
    }
}
