//! R4's two routes: a performance sample, or a report of a replay that went wrong, alone in its request, in R4's
//! spelling, with a correlation id by which it is found again.

use std::collections::BTreeMap;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::endpoint::continued;
use super::request::RequestKind;
use super::verdict::{Verdict, WrittenViolation, codes, why};
use crate::export::Failure;
use crate::json_value;
use crate::record::RecordKind;

/// Names a request on both sides. The collector answers with it, logs it, and keeps the record under it: it is the
/// record's id.
pub(super) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// What a canonical record begins with.
const PERF_SAMPLE: &str = r#"{"schema":"perf_sample_v1""#;
const REPLAY_INCONSISTENCY: &str = r#"{"schema":"replay_inconsistency_v1""#;

/// Where samples and reports go.
pub(crate) struct SampleRoutes {
    perf_sample: Url,
    replay_inconsistency: Url,
}

impl SampleRoutes {
    /// R4's paths behind the collector's base URL.
    pub(super) fn new(base: &Url) -> Self {
        let route = |name| continued(base, &["v1", "telemetry", name]);
        Self { perf_sample: route("perf-sample"), replay_inconsistency: route("replay-inconsistency") }
    }

    /// The kind of the request that carries a canonical record; nothing where batches do.
    pub(super) fn kind_of(record: &str) -> Option<RequestKind> {
        if record.starts_with(PERF_SAMPLE) {
            Some(RequestKind::PerfSample)
        } else if record.starts_with(REPLAY_INCONSISTENCY) {
            Some(RequestKind::ReplayInconsistency)
        } else {
            None
        }
    }

    /// Where a request of this kind goes; nothing where batches do.
    pub(super) fn url(&self, kind: RequestKind) -> Option<&Url> {
        match kind {
            RequestKind::PerfSample => Some(&self.perf_sample),
            RequestKind::ReplayInconsistency => Some(&self.replay_inconsistency),
            RequestKind::Batch(_) => None,
        }
    }
}

/// A canonical record in R4's spelling, without its schema, which the route says; and its id.
pub(super) fn body(kind: RequestKind, record: &str) -> Option<(Vec<u8>, Option<HeaderValue>)> {
    let kind = match kind {
        RequestKind::PerfSample => RecordKind::PerfSample,
        RequestKind::ReplayInconsistency => RecordKind::ReplayInconsistency,
        RequestKind::Batch(_) => return None,
    };
    // Values stay as they are written.
    let mut members: BTreeMap<&str, &RawValue> = serde_json::from_str(record).ok()?;
    members.remove("schema");
    for field in kind.own_fields() {
        let Some(spelling) = field.aliases.first() else { continue };
        if let Some(value) = members.remove(field.name) {
            members.insert(spelling, value);
        }
    }
    let id = members.get("id").and_then(|id| serde_json::from_str::<&str>(id.get()).ok());
    let id = id.and_then(|id| HeaderValue::from_str(id).ok());
    serde_json::to_vec(&members).ok().map(|body| (body, id))
}

/// What R4's routes answer with 202.
#[derive(Deserialize)]
struct Taken {
    #[serde(rename = "correlationId")]
    _correlation_id: String,
}

/// What ours answers with 400.
#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default)]
    violations: Vec<WrittenViolation>,
}

/// Whether a status says what became of the record.
pub(super) fn is_verdict(status: StatusCode) -> bool {
    matches!(status, StatusCode::ACCEPTED | StatusCode::BAD_REQUEST)
}

/// Reads the answer to one record. Whoever answers 202 without a correlation id is no collector.
pub(super) fn verdict(status: StatusCode, body: &[u8]) -> Result<Verdict, Failure> {
    if status == StatusCode::ACCEPTED {
        return json_value::from_slice::<Taken>(body).map(|_| Verdict::accepted()).ok_or(Failure::Verdict);
    }
    let refused: Refused = json_value::from_slice(body).unwrap_or_default();
    let violations = &refused.violations;
    Ok(Verdict { refused: 1, codes: codes(violations), why: why(violations), warned: false })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::outcome::Code;

    const SAMPLE: &str = r#"{"schema":"perf_sample_v1","id":"019dfc1d-8fa8-7707-8707-0707070707af","opt_in":true,"platform":"ios","fps":59.50,"frame_time_ms":16.67}"#;

    fn read(body: &[u8]) -> Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn a_sample_is_written_as_r4_spells_it_under_its_own_id() {
        let (body, id) = body(RequestKind::PerfSample, SAMPLE).unwrap();
        let id = id.unwrap();
        assert_eq!(
            read(&body),
            json!({"id": id.to_str().unwrap(), "telemetryOptIn": true, "platform": "ios", "fps": 59.50, "frameTimeMs": 16.67})
        );
        assert!(String::from_utf8(body).unwrap().contains("59.50"), "a value is not written anew");
        assert_eq!(id, "019dfc1d-8fa8-7707-8707-0707070707af");
    }

    #[test]
    fn only_samples_and_reports_have_routes_of_their_own() {
        let routes = SampleRoutes::new(&Url::parse("https://h/in").unwrap());
        let url = |record: &str| SampleRoutes::kind_of(record).and_then(|kind| routes.url(kind)).map(Url::as_str);
        assert_eq!(url(SAMPLE), Some("https://h/in/v1/telemetry/perf-sample"));
        let report = r#"{"schema":"replay_inconsistency_v1","id":"x"}"#;
        assert_eq!(url(report), Some("https://h/in/v1/telemetry/replay-inconsistency"));
        assert_eq!(url(r#"{"schema":"telemetry_event_v1","payload":{"schema":"perf_sample_v1"}}"#), None);
    }

    #[test]
    fn an_answer_is_a_verdict_where_it_names_the_request_or_the_violation() {
        assert_eq!(
            verdict(StatusCode::ACCEPTED, br#"{"status":"accepted","correlationId":"c"}"#),
            Ok(Verdict::accepted())
        );
        assert_eq!(verdict(StatusCode::ACCEPTED, b"<html>"), Err(Failure::Verdict));
        let refused = verdict(StatusCode::BAD_REQUEST, br#"{"violations":[{"code":"range"}]}"#).unwrap();
        assert_eq!((refused.refused, refused.codes), (1, vec![Code::Range]));
        assert_eq!(verdict(StatusCode::BAD_REQUEST, b"no").unwrap().refused, 1);
    }
}
