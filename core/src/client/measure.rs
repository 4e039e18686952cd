//! Metrics of a client: measurements come in, and once an interval their records go the way of all records.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::client::queue::{Captured, Form};
use crate::client::shared::Shared;
use crate::client::state::Phase;
use crate::config::{ClientConfig, ExporterKind, MetricTemporality};
use crate::metrics::{Aggregator, Limits, Measurement, Temporality};
use crate::record::Timestamp;
use crate::stamp::microseconds_now;

/// The aggregator and when it is due.
pub(crate) struct Meter(Mutex<Metered>);

struct Metered {
    aggregator: Aggregator,
    /// When records are to be made next; nothing while nothing was measured.
    due: Option<Instant>,
}

/// As configured.
#[derive(Clone)]
pub(crate) struct MeterSettings {
    limits: Limits,
    interval: Duration,
}

impl MeterSettings {
    pub(crate) fn new(client: &ClientConfig) -> Self {
        let temporality = match (client.metrics.temporality, client.export.exporter) {
            (Some(MetricTemporality::Cumulative), _) | (None, ExporterKind::Otlp) => Temporality::Cumulative,
            (Some(MetricTemporality::Delta), _)
            | (None, ExporterKind::Collector | ExporterKind::File | ExporterKind::Console) => Temporality::Delta,
        };
        Self {
            limits: Limits {
                cardinality: client.metrics.cardinality_limit as usize,
                temporality,
                bounds: Arc::new(client.metrics.histogram_bounds.clone()),
            },
            interval: Duration::from_millis(u64::from(client.metrics.interval_ms)),
        }
    }
}

impl Meter {
    pub(crate) fn new(settings: &MeterSettings) -> Self {
        Self(Mutex::new(Metered { aggregator: Aggregator::new(settings.limits.clone()), due: None }))
    }

    /// When records are to be made next.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.0.lock().due
    }

    /// Forgets everything that was measured: an opt-out leaves nothing.
    pub(crate) fn clear(&self) {
        let mut metered = self.0.lock();
        metered.aggregator.clear();
        metered.due = None;
    }
}

impl Shared {
    /// Adds a measurement. Returns whether it was one, and the client is on and open.
    pub(crate) fn measure(self: &Arc<Self>, measurement: &Measurement<'_>) -> bool {
        if !self.settings.is_on() || self.state.lock().phase != Phase::Open {
            return self.refuse();
        }
        let mut metered = self.meter.0.lock();
        if !metered.aggregator.add(measurement, Timestamp::now()) {
            drop(metered);
            return self.refuse_measurement();
        }
        let is_first = metered.due.is_none();
        if is_first {
            metered.due = Some(Instant::now() + self.settings.meter.interval);
        }
        drop(metered);
        if is_first {
            self.ensure_worker(&mut self.state.lock());
            self.wake.notify_one();
        }
        true
    }

    /// What is no measurement is the host's mistake: told, and no reason to stop the host.
    pub(crate) fn refuse_measurement(&self) -> bool {
        if self.settings.is_on() {
            self.warnings.note_unmeasured();
            self.warn();
        }
        false
    }

    /// Makes records of what was measured and captures them: everything, or only where it is due.
    pub(crate) fn collect_metrics(self: &Arc<Self>, only_due: bool) {
        let mut metered = self.meter.0.lock();
        let now = Instant::now();
        if metered.due.is_none_or(|due| only_due && now < due) {
            return;
        }
        let records = metered.aggregator.collect(Timestamp::now());
        // What is cumulative is told again; what is delta waits for a first measurement.
        metered.due = (!metered.aggregator.is_empty()).then(|| now + self.settings.meter.interval);
        drop(metered);
        for record in records {
            self.capture(Captured { form: Form::Sum, at: microseconds_now(), bytes: record.as_bytes() });
        }
    }
}
