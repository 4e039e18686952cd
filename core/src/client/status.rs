//! What holds for a client and who decided it, for people and programs. Never shows a secret.

use serde_json::{Map, Value, json};

use super::settings::Snapshot;
use super::shared::Shared;
use super::switch::OffReason;
use crate::config::{Purpose, Source};
use crate::consent::Standing;
use crate::json_value::object;

/// See [`Client::status`](crate::Client::status).
pub(crate) fn of(shared: &Shared) -> Value {
    let settings = shared.settings.current();
    let off = settings.off().map(OffReason::as_str);
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "enabled": off.is_none(),
        "disabled_by": off,
        "upload_enabled": settings.upload,
        "config_file": settings.file.as_ref().map(|file| file.display().to_string()),
        "state_dir": settings.gate.register().map(|register| register.folder().display().to_string()),
        "consent": consent(settings),
        "deletions": shared.deletions.to_json(settings),
        "values": values(settings),
        "warnings": settings.resolved.warnings.iter().map(|warning| &warning.text).collect::<Vec<_>>(),
    })
}

/// `{"state":"absent"|"given"|"unreadable","reason":…,"notice_version":…,"purposes":{…}}`.
fn consent(settings: &Snapshot) -> Value {
    let standing = settings.gate.standing();
    let (state, reason) = match &standing {
        Standing::Absent => ("absent", None),
        Standing::Unreadable(reason) => ("unreadable", Some(reason.as_str())),
        Standing::Given(_) => ("given", None),
    };
    let permitted = settings.gate.rule().verdict(&standing);
    let purposes = object(Purpose::ALL.into_iter().map(|purpose| {
        let grant = match &standing {
            Standing::Given(document) => document.purposes.get(&purpose),
            Standing::Absent | Standing::Unreadable(_) => None,
        };
        let collected = settings.target.is_ok() && permitted.is_ok_and(|purposes| purposes.contains(purpose));
        (purpose.as_str().to_owned(), json!({"collected": collected, "grant": grant}))
    }));
    json!({
        "state": state,
        "reason": reason,
        "notice_version": settings.gate.rule().notice_version,
        "required": settings.resolved.config.client.require_consent,
        "purposes": purposes,
    })
}

fn values(settings: &Snapshot) -> Value {
    let config = serde_json::to_value(&settings.resolved.config).unwrap_or_default();
    let rows = settings.resolved.sources.iter().map(|(key, source)| {
        let value = config.pointer(key.path).cloned().unwrap_or_default();
        let variable = match source {
            Source::Environment(name) => Some(*name),
            Source::Code | Source::File | Source::Default => None,
        };
        let mut row = json!({"key": key.path, "source": source.as_str(), "variable": variable, "unit": key.unit});
        if key.is_secret {
            let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
            row["is_set"] = (!is_empty).into();
        } else {
            row["value"] = value;
        }
        row
    });
    rows.collect()
}
