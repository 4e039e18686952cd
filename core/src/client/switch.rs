//! Whether the client is on: off by default, and any "off" wins. The one file that reads the environment.

use std::path::PathBuf;

pub(crate) use crate::config::Environment;
use crate::config::Source;
use crate::consent::Refusal;

/// What a client is laid over. Injected, so that tests leave the process alone.
pub(crate) struct World<'a> {
    pub(crate) environment: Environment<'a>,
    /// Every variable's name.
    pub(crate) names: Vec<String>,
    /// The current folder, where a configuration file may lie.
    pub(crate) folder: Option<PathBuf>,
}

impl World<'_> {
    /// The process's own.
    pub(crate) fn of_process() -> World<'static> {
        let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
        World { environment: &process_environment, names, folder: std::env::current_dir().ok() }
    }

    /// Variables alone.
    #[cfg(test)]
    pub(crate) fn of(environment: Environment<'_>) -> World<'_> {
        World { environment, names: Vec::new(), folder: None }
    }

    /// Where a user's programs keep state: `$XDG_STATE_HOME`, by default `~/.local/state`; on macOS
    /// `~/Library/Application Support`, on Windows `%LOCALAPPDATA%`; there `scrubjay`. Nowhere without a home.
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        let absolute = |name: &str| (self.environment)(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = |below: &str| Some(absolute("HOME")?.join(below));
        let folder = if cfg!(windows) {
            absolute("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            absolute("XDG_STATE_HOME").or_else(|| home("Library/Application Support"))
        } else {
            absolute("XDG_STATE_HOME").or_else(|| home(".local/state"))
        };
        folder.map(|folder| folder.join("scrubjay"))
    }
}

/// The variable of the process. Bytes that are not UTF-8 still count as set.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// What keeps the client off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffReason {
    /// `DO_NOT_TRACK` (consoledonottrack.com) is set and not empty, `0` or `false`.
    DoNotTrack,
    /// `OTEL_SDK_DISABLED` is `true`; per OpenTelemetry no other value disables.
    OtelSdkDisabled,
    /// `TELEMETRY_ENABLED` is set and not `1`, `true`, `yes` or `on`.
    TelemetryEnabled,
    /// The configuration says off, or nothing says on.
    Configuration,
    /// The user's consent is missing or withdrawn.
    Consent,
    /// The user consented to an older notice.
    NoticeVersion,
    /// The consent file is damaged or cannot be trusted.
    ConsentUnreadable,
}

impl OffReason {
    /// The word in the client's statistics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::DoNotTrack => "DO_NOT_TRACK",
            Self::OtelSdkDisabled => "OTEL_SDK_DISABLED",
            Self::TelemetryEnabled => "TELEMETRY_ENABLED",
            Self::Configuration => "configuration",
            Self::Consent => "consent",
            Self::NoticeVersion => "notice_version",
            Self::ConsentUnreadable => "consent_unreadable",
        }
    }
}

impl From<Refusal> for OffReason {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAsked => Self::Configuration,
            Refusal::NotGranted => Self::Consent,
            Refusal::OlderNotice => Self::NoticeVersion,
            Refusal::Unreadable => Self::ConsentUnreadable,
        }
    }
}

/// What keeps the client off whatever the user consents to, the strongest word first. `enabled` is the verdict of
/// code, environment and file, and `source` the one that decided it.
pub(crate) fn off_reason(enabled: Option<bool>, source: Source, environment: Environment<'_>) -> Option<OffReason> {
    let word = |name| environment(name).map(|value| value.trim().to_ascii_lowercase());
    if word("DO_NOT_TRACK").is_some_and(|word| !matches!(word.as_str(), "" | "0" | "false")) {
        return Some(OffReason::DoNotTrack);
    }
    if word("OTEL_SDK_DISABLED").is_some_and(|word| word == "true") {
        return Some(OffReason::OtelSdkDisabled);
    }
    match (enabled, source) {
        (Some(false), Source::Environment(_)) => Some(OffReason::TelemetryEnabled),
        (Some(false), _) => Some(OffReason::Configuration),
        (Some(true) | None, _) => None,
    }
}

/// A variable's text; blank counts as absent.
pub(crate) fn text(name: &str, environment: Environment<'_>) -> Option<String> {
    environment(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::OffReason::{Configuration, DoNotTrack, OtelSdkDisabled, TelemetryEnabled};
    use super::*;
    use crate::config::{Config, resolve};

    fn reason(enabled: Option<bool>, variables: &[(&str, &str)]) -> Option<OffReason> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut config = Config::default();
        config.client.enabled = enabled;
        let resolved = resolve(&config, &lookup, None).unwrap();
        let enabled = resolved.config.client.enabled;
        let silent = enabled.is_none().then_some(Configuration);
        off_reason(enabled, resolved.source("/client/enabled"), &lookup).or(silent)
    }

    #[test]
    fn it_is_off_unless_something_says_on() {
        assert_eq!(reason(None, &[]), Some(Configuration));
        assert_eq!(reason(Some(false), &[]), Some(Configuration));
        assert_eq!(reason(Some(true), &[]), None);
        for on in ["1", "true", "TRUE", "yes", "on", " On "] {
            assert_eq!(reason(None, &[("TELEMETRY_ENABLED", on)]), None, "{on:?}");
        }
    }

    #[test]
    fn any_off_beats_every_on() {
        let on = ("TELEMETRY_ENABLED", "true");
        assert_eq!(reason(Some(true), &[on, ("DO_NOT_TRACK", "1")]), Some(DoNotTrack));
        assert_eq!(reason(Some(true), &[on, ("OTEL_SDK_DISABLED", "true")]), Some(OtelSdkDisabled));
        assert_eq!(reason(Some(true), &[("TELEMETRY_ENABLED", "off")]), Some(TelemetryEnabled));
        assert_eq!(reason(Some(false), &[on]), Some(Configuration));
    }

    #[test]
    fn do_not_track_means_no_unless_it_is_empty_zero_or_false() {
        for off in ["1", "true", "yes", "no", "2", "\u{fffd}"] {
            assert_eq!(reason(Some(true), &[("DO_NOT_TRACK", off)]), Some(DoNotTrack), "{off:?}");
        }
        for ignored in ["", " ", "0", "false", "False"] {
            assert_eq!(reason(Some(true), &[("DO_NOT_TRACK", ignored)]), None, "{ignored:?}");
        }
    }

    #[test]
    fn only_true_disables_the_sdk() {
        for off in ["true", "True", "TRUE"] {
            assert_eq!(reason(Some(true), &[("OTEL_SDK_DISABLED", off)]), Some(OtelSdkDisabled), "{off:?}");
        }
        for ignored in ["", "1", "yes", "false", "on"] {
            assert_eq!(reason(Some(true), &[("OTEL_SDK_DISABLED", ignored)]), None, "{ignored:?}");
        }
    }

    #[test]
    fn telemetry_enabled_with_any_other_word_is_off() {
        for off in ["0", "false", "no", "off", "", "maybe"] {
            assert_eq!(reason(Some(true), &[("TELEMETRY_ENABLED", off)]), Some(TelemetryEnabled), "{off:?}");
        }
    }
}
