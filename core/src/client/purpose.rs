//! Which purpose a record serves, and whether the user consents to it.

use std::borrow::Cow;

use serde::Deserialize;

use crate::client::settings::Snapshot;
use crate::config::{ClientConfig, Purpose};
use crate::consent::Purposes;

/// As much of a canonical record as tells its purpose.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    #[serde(borrow)]
    channel: Option<Cow<'a, str>>,
}

impl Snapshot {
    /// Whether a canonical record may be kept and sent.
    pub(crate) fn permits(&self, record: &str) -> bool {
        match self.gate.verdict() {
            // The common case reads nothing.
            Ok(Purposes::ALL) => true,
            Ok(some) => self.purpose_of(record).is_some_and(|purpose| some.contains(purpose)),
            Err(_) => false,
        }
    }

    /// The purpose of a canonical record; none where it cannot be told.
    pub(crate) fn purpose_of(&self, record: &str) -> Option<Purpose> {
        purpose(&self.resolved.config.client, record)
    }
}

/// The purpose of a canonical record; none where it cannot be told.
fn purpose(config: &ClientConfig, record: &str) -> Option<Purpose> {
    let head: Head<'_> = serde_json::from_str(record).ok()?;
    let of_channel = head.channel.and_then(|channel| config.purposes.get(channel.as_ref()).copied());
    Some(of_channel.unwrap_or(match head.schema.as_ref() {
        "telemetry_log_v1" | "telemetry_trace_v1" | "replay_inconsistency_v1" => Purpose::Diagnostics,
        "telemetry_metric_v1" | "telemetry_span_v1" | "perf_sample_v1" => Purpose::Performance,
        // What users do, and whatever is new: the purpose that people grant last.
        _ => Purpose::Analytics,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_purpose_and_a_channel_may_have_another() {
        let mut config = ClientConfig::default();
        config.purposes.insert("crash".to_owned(), Purpose::Diagnostics);
        for (record, serves) in [
            (r#"{"schema":"telemetry_event_v1","channel":"app","event":"x"}"#, Purpose::Analytics),
            (r#"{"schema":"telemetry_event_v1","channel":"crash","event":"x"}"#, Purpose::Diagnostics),
            (r#"{"schema":"telemetry_event_v1","channel":"cra\u0073h"}"#, Purpose::Diagnostics),
            (r#"{"schema":"telemetry_log_v1"}"#, Purpose::Diagnostics),
            (r#"{"schema":"telemetry_trace_v1"}"#, Purpose::Diagnostics),
            (r#"{"schema":"replay_inconsistency_v1"}"#, Purpose::Diagnostics),
            (r#"{"schema":"telemetry_metric_v1"}"#, Purpose::Performance),
            (r#"{"schema":"telemetry_span_v1"}"#, Purpose::Performance),
            (r#"{"schema":"perf_sample_v1"}"#, Purpose::Performance),
            (r#"{"schema":"something_new_v1"}"#, Purpose::Analytics),
        ] {
            assert_eq!(purpose(&config, record), Some(serves), "{record}");
        }
        assert_eq!(purpose(&config, "{"), None);
    }
}
