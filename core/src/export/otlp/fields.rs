//! The fields that are written, by message (opentelemetry-proto v1.10, which is stable: numbers never change).

use super::writer::{Field, field};

/// `Resource…`, `Scope…` and the requests around them have the same numbers in all signals.
pub(super) mod envelope {
    use super::{Field, field};

    pub(in super::super) const RESOURCE: Field = field(1, "resource");
    pub(in super::super) const RESOURCE_ATTRIBUTES: Field = field(1, "attributes");
    pub(in super::super) const SCOPE: Field = field(1, "scope");
    pub(in super::super) const SCOPE_NAME: Field = field(1, "name");
    pub(in super::super) const SCOPE_VERSION: Field = field(2, "version");
}

/// `AnyValue` and `KeyValue`.
pub(super) mod common {
    use super::{Field, field};

    pub(in super::super) const KEY: Field = field(1, "key");
    pub(in super::super) const VALUE: Field = field(2, "value");
    pub(in super::super) const STRING: Field = field(1, "stringValue");
    pub(in super::super) const BOOL: Field = field(2, "boolValue");
    pub(in super::super) const INT: Field = field(3, "intValue");
    pub(in super::super) const DOUBLE: Field = field(4, "doubleValue");
    pub(in super::super) const ARRAY: Field = field(5, "arrayValue");
    pub(in super::super) const KVLIST: Field = field(6, "kvlistValue");
    pub(in super::super) const VALUES: Field = field(1, "values");
}

/// `LogRecord`.
pub(super) mod log {
    use super::{Field, field};

    pub(in super::super) const TIME: Field = field(1, "timeUnixNano");
    pub(in super::super) const SEVERITY_NUMBER: Field = field(2, "severityNumber");
    pub(in super::super) const SEVERITY_TEXT: Field = field(3, "severityText");
    pub(in super::super) const BODY: Field = field(5, "body");
    pub(in super::super) const ATTRIBUTES: Field = field(6, "attributes");
    pub(in super::super) const TRACE_ID: Field = field(9, "traceId");
    pub(in super::super) const SPAN_ID: Field = field(10, "spanId");
    pub(in super::super) const OBSERVED_TIME: Field = field(11, "observedTimeUnixNano");
    pub(in super::super) const EVENT_NAME: Field = field(12, "eventName");
}

/// `Metric` and its points.
pub(super) mod metric {
    use super::{Field, field};

    pub(in super::super) const NAME: Field = field(1, "name");
    pub(in super::super) const DESCRIPTION: Field = field(2, "description");
    pub(in super::super) const UNIT: Field = field(3, "unit");
    pub(in super::super) const GAUGE: Field = field(5, "gauge");
    pub(in super::super) const SUM: Field = field(7, "sum");
    pub(in super::super) const HISTOGRAM: Field = field(9, "histogram");
    pub(in super::super) const DATA_POINTS: Field = field(1, "dataPoints");
    pub(in super::super) const TEMPORALITY: Field = field(2, "aggregationTemporality");
    pub(in super::super) const IS_MONOTONIC: Field = field(3, "isMonotonic");
    pub(in super::super) const START_TIME: Field = field(2, "startTimeUnixNano");
    pub(in super::super) const TIME: Field = field(3, "timeUnixNano");
    pub(in super::super) const NUMBER_ATTRIBUTES: Field = field(7, "attributes");
    pub(in super::super) const AS_DOUBLE: Field = field(4, "asDouble");
    pub(in super::super) const AS_INT: Field = field(6, "asInt");
    pub(in super::super) const NUMBER_EXEMPLARS: Field = field(5, "exemplars");
    pub(in super::super) const HISTOGRAM_ATTRIBUTES: Field = field(9, "attributes");
    pub(in super::super) const HISTOGRAM_COUNT: Field = field(4, "count");
    pub(in super::super) const HISTOGRAM_SUM: Field = field(5, "sum");
    pub(in super::super) const BUCKET_COUNTS: Field = field(6, "bucketCounts");
    pub(in super::super) const EXPLICIT_BOUNDS: Field = field(7, "explicitBounds");
    pub(in super::super) const HISTOGRAM_EXEMPLARS: Field = field(8, "exemplars");
    pub(in super::super) const HISTOGRAM_MIN: Field = field(11, "min");
    pub(in super::super) const HISTOGRAM_MAX: Field = field(12, "max");
    pub(in super::super) const EXEMPLAR_TIME: Field = field(2, "timeUnixNano");
    pub(in super::super) const EXEMPLAR_DOUBLE: Field = field(3, "asDouble");
    pub(in super::super) const EXEMPLAR_SPAN_ID: Field = field(4, "spanId");
    pub(in super::super) const EXEMPLAR_TRACE_ID: Field = field(5, "traceId");
    pub(in super::super) const EXEMPLAR_INT: Field = field(6, "asInt");
    pub(in super::super) const EXEMPLAR_ATTRIBUTES: Field = field(7, "filteredAttributes");
}

/// `Span`, its events, links and status.
pub(super) mod span {
    use super::{Field, field};

    pub(in super::super) const TRACE_ID: Field = field(1, "traceId");
    pub(in super::super) const SPAN_ID: Field = field(2, "spanId");
    pub(in super::super) const TRACE_STATE: Field = field(3, "traceState");
    pub(in super::super) const PARENT_SPAN_ID: Field = field(4, "parentSpanId");
    pub(in super::super) const NAME: Field = field(5, "name");
    pub(in super::super) const KIND: Field = field(6, "kind");
    pub(in super::super) const START_TIME: Field = field(7, "startTimeUnixNano");
    pub(in super::super) const END_TIME: Field = field(8, "endTimeUnixNano");
    pub(in super::super) const ATTRIBUTES: Field = field(9, "attributes");
    pub(in super::super) const DROPPED_ATTRIBUTES: Field = field(10, "droppedAttributesCount");
    pub(in super::super) const EVENTS: Field = field(11, "events");
    pub(in super::super) const DROPPED_EVENTS: Field = field(12, "droppedEventsCount");
    pub(in super::super) const LINKS: Field = field(13, "links");
    pub(in super::super) const DROPPED_LINKS: Field = field(14, "droppedLinksCount");
    pub(in super::super) const STATUS: Field = field(15, "status");
    pub(in super::super) const FLAGS: Field = field(16, "flags");
    pub(in super::super) const EVENT_TIME: Field = field(1, "timeUnixNano");
    pub(in super::super) const EVENT_NAME: Field = field(2, "name");
    pub(in super::super) const EVENT_ATTRIBUTES: Field = field(3, "attributes");
    pub(in super::super) const EVENT_DROPPED_ATTRIBUTES: Field = field(4, "droppedAttributesCount");
    pub(in super::super) const LINK_TRACE_STATE: Field = field(3, "traceState");
    pub(in super::super) const LINK_ATTRIBUTES: Field = field(4, "attributes");
    pub(in super::super) const LINK_DROPPED_ATTRIBUTES: Field = field(5, "droppedAttributesCount");
    pub(in super::super) const LINK_FLAGS: Field = field(6, "flags");
    pub(in super::super) const STATUS_MESSAGE: Field = field(2, "message");
    pub(in super::super) const STATUS_CODE: Field = field(3, "code");
}
