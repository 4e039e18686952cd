//! Metrics against the catalog, and the buckets of histograms.

use super::{Reading, elements};
use crate::json::{Document, Kind};
use crate::outcome::Code;
use crate::record::catalog::Metric;
use crate::record::path::Path;

impl Reading {
    pub(super) fn in_catalog(&self, document: &Document<'_>) -> Option<&'static Metric> {
        Metric::named(&document.text(document.node(self.node("name")?)))
    }

    /// A name of the catalog has the catalog's type and unit.
    pub(super) fn check_catalog(&mut self, document: &Document<'_>) {
        let Some(metric) = self.in_catalog(document) else { return };
        let count = self.violations.len();
        if let Some(node) = self.node("type")
            && document.text(document.node(node)) != metric.kind
        {
            let message = format!("the metrics catalog has {} for this name", metric.kind);
            self.violate(&Path::Member("type"), Code::CatalogMismatch, message);
        }
        if let Some(node) = self.node("unit")
            && !metric.is_unit(&document.text(document.node(node)))
        {
            let message = format!("the metrics catalog has {} for this name", metric.unit);
            self.violate(&Path::Member("unit"), Code::CatalogMismatch, message);
        }
        if self.violations.len() == count {
            self.metric = Some(metric);
        }
    }

    /// Numbers, each greater than the one before it.
    pub(super) fn check_bounds(&mut self, path: &Path<'_>, document: &Document<'_>, index: usize) {
        let mut last = f64::NEG_INFINITY;
        for (place, element) in elements(document, index).enumerate() {
            let node = document.node(element);
            let number = document.raw(node).parse::<f64>().unwrap_or(f64::NAN);
            if node.kind != Kind::Number {
                self.violate(&Path::Element(path, place), Code::Type, "expected a number");
            } else if number <= last {
                self.violate(&Path::Element(path, place), Code::Range, "expected more than the bound before it");
            }
            last = number;
        }
    }

    /// A bucket lies below each bound, and one above the last.
    pub(super) fn check_buckets(&mut self, document: &Document<'_>) {
        let length = |name| self.node(name).map(|node| elements(document, node).count());
        let (counts, bounds) = (length("bucket_counts"), length("explicit_bounds"));
        if counts.is_some_and(|counts| counts != bounds.unwrap_or(0) + 1 && (counts, bounds) != (0, None)) {
            let message = "expected one count more than there are explicit_bounds";
            self.violate(&Path::Member("bucket_counts"), Code::Length, message);
        }
    }
}
