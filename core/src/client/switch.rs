//! Whether the client is on: off by default, and any "off" wins. The one file that reads the environment.

/// Looks up an environment variable. Injected, so that tests leave the process alone.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

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
}

impl OffReason {
    /// The word in the client's statistics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::DoNotTrack => "DO_NOT_TRACK",
            Self::OtelSdkDisabled => "OTEL_SDK_DISABLED",
            Self::TelemetryEnabled => "TELEMETRY_ENABLED",
            Self::Configuration => "configuration",
        }
    }
}

/// What keeps the client off, the strongest word first; nothing where it is on.
pub(crate) fn off_reason(enabled: Option<bool>, environment: Environment<'_>) -> Option<OffReason> {
    let word = |name| environment(name).map(|value| value.trim().to_ascii_lowercase());
    if word("DO_NOT_TRACK").is_some_and(|word| !matches!(word.as_str(), "" | "0" | "false")) {
        return Some(OffReason::DoNotTrack);
    }
    if word("OTEL_SDK_DISABLED").is_some_and(|word| word == "true") {
        return Some(OffReason::OtelSdkDisabled);
    }
    let granted = word("TELEMETRY_ENABLED").map(|word| matches!(word.as_str(), "1" | "true" | "yes" | "on"));
    match (granted, enabled) {
        (Some(false), _) => Some(OffReason::TelemetryEnabled),
        (_, Some(false)) | (None, None) => Some(OffReason::Configuration),
        (Some(true), _) | (None, Some(true)) => None,
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

    fn reason(enabled: Option<bool>, variables: &[(&str, &str)]) -> Option<OffReason> {
        off_reason(enabled, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
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
