//! Closed sets of words, and the other spellings that are read for them.

/// A closed set of words.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The canonical words, in their natural order.
    pub(crate) words: &'static [&'static str],
    /// What else is read, in lower case, numbers as their digits; and the word it means.
    aliases: &'static [(&'static str, &'static str)],
}

impl Choice {
    /// The word that `text` means: letter case does not matter.
    pub(crate) fn word(&self, text: &str) -> Option<&'static str> {
        let same = |spelling: &str| spelling.eq_ignore_ascii_case(text);
        let word = self.words.iter().copied().find(|word| same(word));
        word.or_else(|| self.aliases.iter().find(|(spelling, _)| same(spelling)).map(|(_, word)| *word))
    }
}

/// Severities of a trace (R3).
pub(crate) static SEVERITIES: Choice =
    Choice { words: &["debug", "info", "warning", "error"], aliases: &[("warn", "warning"), ("err", "error")] };

/// Levels of a log entry: R3's words and OpenTelemetry's outer two.
pub(crate) static LEVELS: Choice = Choice {
    words: &["trace", "debug", "info", "warning", "error", "fatal"],
    aliases: &[("warn", "warning"), ("err", "error"), ("critical", "fatal")],
};

/// Types of a metric: the design's three, and OpenTelemetry's counter that may fall.
pub(crate) static METRIC_TYPES: Choice = Choice {
    words: &["counter", "gauge", "histogram", "updowncounter"],
    aliases: &[("up_down_counter", "updowncounter")],
};

/// What an aggregate covers, with OTLP's numbers and enumeration names.
pub(crate) static TEMPORALITIES: Choice = Choice {
    words: &["delta", "cumulative"],
    aliases: &[
        ("1", "delta"),
        ("2", "cumulative"),
        ("aggregation_temporality_delta", "delta"),
        ("aggregation_temporality_cumulative", "cumulative"),
    ],
};

/// Kinds of a span, with OTLP's numbers and enumeration names.
pub(crate) static SPAN_KINDS: Choice = Choice {
    words: &["unspecified", "internal", "server", "client", "producer", "consumer"],
    aliases: &[
        ("0", "unspecified"),
        ("1", "internal"),
        ("2", "server"),
        ("3", "client"),
        ("4", "producer"),
        ("5", "consumer"),
        ("span_kind_unspecified", "unspecified"),
        ("span_kind_internal", "internal"),
        ("span_kind_server", "server"),
        ("span_kind_client", "client"),
        ("span_kind_producer", "producer"),
        ("span_kind_consumer", "consumer"),
    ],
};

/// Status codes of a span, with OTLP's numbers and enumeration names.
pub(crate) static STATUS_CODES: Choice = Choice {
    words: &["unset", "ok", "error"],
    aliases: &[
        ("0", "unset"),
        ("1", "ok"),
        ("2", "error"),
        ("status_code_unset", "unset"),
        ("status_code_ok", "ok"),
        ("status_code_error", "error"),
    ],
};

/// Platforms, as Dart's `Platform.operatingSystem` names them, and the web.
pub(crate) static PLATFORMS: Choice =
    Choice { words: &["android", "fuchsia", "ios", "linux", "macos", "web", "windows"], aliases: &[] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_by_their_other_spellings() {
        assert_eq!(LEVELS.word("WARN"), Some("warning"));
        assert_eq!(SPAN_KINDS.word("SPAN_KIND_SERVER"), Some("server"));
        assert_eq!(STATUS_CODES.word("2"), Some("error"));
        assert_eq!(PLATFORMS.word("macOS"), Some("macos"));
        assert_eq!(SEVERITIES.word("critical"), None);
    }

    #[test]
    fn every_other_spelling_means_a_word_of_its_set() {
        for choice in [&SEVERITIES, &LEVELS, &METRIC_TYPES, &SPAN_KINDS, &STATUS_CODES, &PLATFORMS] {
            for (_, word) in choice.aliases {
                assert!(choice.words.contains(word), "{word}");
            }
        }
    }
}
