//! `perf_sample_v1` (R4): the body of `POST /v1/telemetry/perf-sample`.

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::choice::PLATFORMS;
use crate::record::field::{Field, Shape, joined, optional, required};
use crate::record::kind::{Series, Table};

static FIELDS: [Field; 19] = joined(
    &ENVELOPE,
    &[
        required("opt_in", &["telemetryOptIn", "telemetry_opt_in", "optIn"], Check::OptIn, "Without it: dropped."),
        required("platform", &[], Check::OneOf(&PLATFORMS), "Where the application runs."),
        required("fps", &[], Check::NotNegative, "Frames drawn in a second."),
        required("frame_time_ms", &["frameTimeMs"], Check::NotNegative, "Time that a frame took."),
        required("event_replay_rate", &["eventReplayRate"], Check::NotNegative, "Events replayed in a second."),
        required("sampling_interval_ms", &["samplingIntervalMs"], Check::NotNegative, "Time that the sample spans."),
        optional("cursor_latency_us", &["cursorLatencyUs"], Check::NotNegative, "Lag of the pointer, microseconds."),
        optional("snapshot_duration_ms", &["snapshotDurationMs"], Check::NotNegative, "Time that a snapshot took."),
        optional("flags_active", &["flagsActive"], Check::Names, "Feature flags in force."),
        optional("document_id", &["documentId"], Check::Identifier, "Pseudonymised."),
        optional("metadata", &[], Check::Object, "What else is to be known."),
    ],
);

pub(crate) static TABLE: Table = Table {
    schema: "perf_sample_v1",
    about: "How fast the application was for a moment.",
    shape: Shape::new(&FIELDS),
    room: "metadata",
    marks: &[&["fps", "frame_time_ms"], &["fps", "opt_in"], &["frame_time_ms", "opt_in"]],
    implied: &[],
    has_epoch_times: true,
    series: (Series::Word("perf_sample"), "platform"),
};
