//! `replay_inconsistency_v1` (R4): the body of `POST /v1/telemetry/replay-inconsistency`.

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::choice::PLATFORMS;
use crate::record::field::{Field, Shape, joined, optional, required};
use crate::record::kind::{Series, Table};
use crate::record::limits::MAX_NAME_CHARS;

static FIELDS: [Field; 17] = joined(
    &ENVELOPE,
    &[
        optional("opt_in", &["telemetryOptIn", "telemetry_opt_in", "optIn"], Check::OptIn, "Where false: dropped."),
        required("document_id", &["documentId"], Check::Identifier, "Pseudonymised."),
        optional("snapshot_sequence", &["snapshotSequence"], Check::Count, "The snapshot that the replay began from."),
        optional("event_ids", &["eventIds"], Check::Names, "The events that were replayed."),
        required("state_hash_before", &["stateHashBefore"], Check::Text(MAX_NAME_CHARS), "State as it was recorded."),
        required("state_hash_after", &["stateHashAfter"], Check::Text(MAX_NAME_CHARS), "State that the replay made."),
        optional("client_version", &["clientVersion"], Check::Text(MAX_NAME_CHARS), "Version of the application."),
        optional("platform", &[], Check::OneOf(&PLATFORMS), "Where the application runs."),
        optional("metadata", &[], Check::Object, "What else is to be known."),
    ],
);

pub(crate) static TABLE: Table = Table {
    schema: "replay_inconsistency_v1",
    about: "A replay of events that led to another state than the one recorded.",
    shape: Shape::new(&FIELDS),
    room: "metadata",
    marks: &[&["state_hash_before", "state_hash_after"]],
    implied: &[],
    has_epoch_times: true,
    series: (Series::Word("replay_inconsistency"), "client_version"),
};
