//! Metrics against the catalog.

use super::Reading;
use crate::json::Document;
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
}
