//! Checks what a client needs, and says what to do about what is missing.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use super::deletion;
use super::settings::Snapshot;
use super::switch::OffReason;
use crate::consent::Standing;
use crate::export::{Answer, Failure, probe};

/// Seconds. Collectors refuse records from the future by no more than this, and tokens tolerate as much.
const MAX_SKEW_S: u64 = 60;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Failed,
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    message: String,
    /// What to do; nothing where all is well.
    advice: Option<&'static str>,
}

impl Check {
    fn new(name: &'static str, state: State, message: impl Into<String>, advice: &'static str) -> Self {
        Self { name, state, message: message.into(), advice: (!advice.is_empty()).then_some(advice) }
    }
}

/// See [`Client::doctor`](crate::Client::doctor).
pub(crate) fn examine(settings: &Snapshot) -> Value {
    let mut checks =
        vec![switches(settings), consent(settings), trail(settings), folder(settings), configuration(settings)];
    if let Some(answer) = settings.target.as_ref().ok().and_then(probe) {
        checks.extend([endpoint(&answer), authentication(&answer), clock(&answer, SystemTime::now())]);
    } else {
        let skipped = |name| Check::new(name, State::Skipped, "nothing is sent anywhere", "");
        checks.extend(["endpoint", "authentication", "clock"].map(skipped));
    }
    checks.push(deletions(settings));
    let is_ok = checks.iter().all(|check| check.state != State::Failed);
    json!({"ok": is_ok, "checks": checks})
}

fn switches(settings: &Snapshot) -> Check {
    let advice = match settings.off() {
        None if settings.upload => return Check::new("switches", State::Ok, "collection and upload are on", ""),
        None => {
            let advice = "set client.upload_enabled to send what is collected";
            return Check::new("switches", State::Warning, "collection is on, upload is off", advice);
        }
        Some(OffReason::DoNotTrack) => "unset DO_NOT_TRACK if collection shall be on",
        Some(OffReason::OtelSdkDisabled) => "unset OTEL_SDK_DISABLED if collection shall be on",
        Some(OffReason::TelemetryEnabled) => "set TELEMETRY_ENABLED=true if collection shall be on",
        Some(OffReason::Configuration) => {
            "set client.enabled and client.endpoint, or TELEMETRY_ENABLED and TELEMETRY_ENDPOINT, if collection shall be on"
        }
        Some(OffReason::Consent | OffReason::NoticeVersion) => "ask the user, and grant: scrubjay enable",
        Some(OffReason::ConsentUnreadable) => "see the check of consent",
    };
    let by = settings.off().map_or("", OffReason::as_str);
    Check::new("switches", State::Warning, format!("collection is off, by {by}"), advice)
}

fn consent(settings: &Snapshot) -> Check {
    const NAME: &str = "consent";
    match settings.gate.standing() {
        Standing::Absent => Check::new(NAME, State::Ok, "the user was not asked", ""),
        Standing::Unreadable(reason) => {
            let advice = "remove consent.json after a look at it, and ask the user anew";
            Check::new(NAME, State::Failed, format!("the consent file grants nothing: {reason}"), advice)
        }
        Standing::Given(document) => {
            let granted = document.purposes.iter().filter(|(_, grant)| grant.granted);
            let names: Vec<&str> = granted.map(|(purpose, _)| purpose.as_str()).collect();
            let message = if names.is_empty() {
                "nothing is granted".to_owned()
            } else {
                format!("granted: {}", names.join(", "))
            };
            Check::new(NAME, State::Ok, message, "")
        }
    }
}

fn trail(settings: &Snapshot) -> Check {
    const NAME: &str = "audit trail";
    let Some(register) = settings.gate.register() else {
        return Check::new(NAME, State::Warning, "there is no folder for it", "set client.state_dir or HOME");
    };
    match register.verify() {
        Err(error) => Check::new(NAME, State::Failed, error.message(), "let this user read the folder"),
        Ok(state) => match state.broken_at {
            None => Check::new(NAME, State::Ok, format!("{} entries, none changed", state.entries), ""),
            Some(entry) => {
                let advice =
                    "somebody changed the file: restore it from a backup, or keep it as evidence and begin anew";
                Check::new(NAME, State::Failed, format!("entry {entry} is missing or not as it was written"), advice)
            }
        },
    }
}

fn folder(settings: &Snapshot) -> Check {
    const NAME: &str = "state folder";
    let Some(register) = settings.gate.register() else {
        return Check::new(NAME, State::Warning, "there is none", "set client.state_dir or HOME");
    };
    // The nearest folder that is there: looking makes none.
    let place = register.folder();
    let there = place.ancestors().find(|folder| folder.exists()).unwrap_or(place);
    let shown = place.display();
    if is_writable(there) {
        Check::new(NAME, State::Ok, format!("{shown} can be written"), "")
    } else {
        Check::new(
            NAME,
            State::Failed,
            format!("{shown} cannot be written"),
            "set client.state_dir to a folder of this user",
        )
    }
}

#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir())
        && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir() && !metadata.permissions().readonly())
}

fn configuration(settings: &Snapshot) -> Check {
    let warnings: Vec<&str> = settings.resolved.warnings.iter().map(|warning| warning.text.as_str()).collect();
    if warnings.is_empty() {
        return Check::new("configuration", State::Ok, "no warnings", "");
    }
    Check::new("configuration", State::Warning, warnings.join("; "), "correct or unset what is named")
}

fn endpoint(answer: &Result<Answer, Failure>) -> Check {
    const NAME: &str = "endpoint";
    match answer {
        Err(failure) => {
            let advice = "check client.endpoint, the network, and that the collector runs";
            Check::new(NAME, State::Failed, failure.reason(), advice)
        }
        Ok(Answer { status: 404 | 405, .. }) => {
            let advice = "client.endpoint must be the collector's base URL: /api/v1/telemetry/events/batch is appended";
            Check::new(NAME, State::Failed, "something answers, but no collector", advice)
        }
        Ok(Answer { status: 300..=399, .. }) => Check::new(
            NAME,
            State::Failed,
            "it redirects, which is not followed",
            "set client.endpoint to where it points",
        ),
        Ok(Answer { status: status @ (429 | 500..), .. }) => {
            let advice = "look at the collector's log; clients try again by themselves";
            Check::new(NAME, State::Warning, format!("it answers with status {status}"), advice)
        }
        Ok(_) => Check::new(NAME, State::Ok, "it answers", ""),
    }
}

fn authentication(answer: &Result<Answer, Failure>) -> Check {
    const NAME: &str = "authentication";
    match answer {
        Ok(Answer { status: status @ (401 | 403), .. }) => {
            let advice = "set client.api_key or TELEMETRY_API_KEY to a key that the collector knows";
            Check::new(NAME, State::Failed, format!("refused with status {status}"), advice)
        }
        Ok(Answer { status: 200..=299 | 400 | 413 | 415 | 422, .. }) => Check::new(NAME, State::Ok, "not refused", ""),
        Ok(_) | Err(_) => Check::new(NAME, State::Skipped, "the endpoint did not get so far", ""),
    }
}

fn clock(answer: &Result<Answer, Failure>, now: SystemTime) -> Check {
    const NAME: &str = "clock";
    let date = answer.as_ref().ok().and_then(|answer| answer.date.as_deref());
    let theirs = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let Some(theirs) = theirs else {
        return Check::new(NAME, State::Skipped, "the endpoint does not say its time", "");
    };
    let (skew, side) = match now.duration_since(theirs) {
        Ok(ahead) => (ahead.as_secs(), "ahead of"),
        Err(behind) => (behind.duration().as_secs(), "behind"),
    };
    if skew <= MAX_SKEW_S {
        return Check::new(NAME, State::Ok, "within a minute of the endpoint's", "");
    }
    let message = format!("{skew} seconds {side} the endpoint's");
    Check::new(NAME, State::Warning, message, "let a time service set this machine's clock")
}

/// Whether users who want to be deleted at the collector will be.
fn deletions(settings: &Snapshot) -> Check {
    const NAME: &str = "deletions";
    let waiting = match deletion::outlook(settings) {
        Ok((0, _)) => return Check::new(NAME, State::Ok, "none waits", ""),
        Ok(waiting) => waiting,
        Err(_) => {
            let advice = "look at deletions.json in the state folder: what it says is asked for once it can be read";
            return Check::new(NAME, State::Failed, "what waits cannot be read", advice);
        }
    };
    match waiting {
        (count, None) => {
            let advice = "set client.upload_enabled: it keeps them back";
            Check::new(NAME, State::Warning, format!("{count} wait"), advice)
        }
        (count, Some(Ok(()))) => Check::new(NAME, State::Ok, format!("{count} wait, and the collector heeds us"), ""),
        (count, Some(Err(reason))) => {
            let advice = "they are tried again until it is mended; see docs/consent.md, being deleted";
            Check::new(NAME, State::Failed, format!("{count} wait: {reason}"), advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "what the checks take")]
    fn answer(status: u16, date: Option<&str>) -> Result<Answer, Failure> {
        Ok(Answer { status, date: date.map(str::to_owned) })
    }

    #[test]
    fn an_answer_tells_endpoint_and_authentication_apart() {
        use State::{Failed, Ok as Well, Skipped, Warning};
        for (answer, of_endpoint, of_authentication) in [
            (answer(200, None), Well, Well),
            (answer(400, None), Well, Well),
            (answer(401, None), Well, Failed),
            (answer(403, None), Well, Failed),
            (answer(404, None), Failed, Skipped),
            (answer(301, None), Failed, Skipped),
            (answer(429, None), Warning, Skipped),
            (answer(503, None), Warning, Skipped),
            (Err(Failure::Connect), Failed, Skipped),
            (Err(Failure::Timeout), Failed, Skipped),
        ] {
            assert_eq!((endpoint(&answer).state, authentication(&answer).state), (of_endpoint, of_authentication));
        }
    }

    #[test]
    fn a_clock_may_differ_by_a_minute() {
        let now = httpdate::parse_http_date("Fri, 02 Jan 2026 03:04:05 GMT").unwrap();
        let state = |date: &str| clock(&answer(200, Some(date)), now).state;
        assert_eq!(state("Fri, 02 Jan 2026 03:04:59 GMT"), State::Ok);
        assert_eq!(state("Fri, 02 Jan 2026 03:06:00 GMT"), State::Warning);
        assert_eq!(state("Fri, 02 Jan 2026 02:04:05 GMT"), State::Warning);
        assert_eq!(state("yesterday"), State::Skipped);
        assert_eq!(clock(&answer(200, None), now).state, State::Skipped);
    }
}
