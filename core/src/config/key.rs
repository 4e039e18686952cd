//! The table of keys: what each is for, which variables of the environment set it, its default and its unit.
//!
//! Each section has its rows in a file of its own; [`keys`] chains them. A row is all that a key needs: unknown
//! names, errors, the layers of [`sources`](super::sources), `status` and the page `docs/configuration.md` are made
//! from the table.

/// How the text of a variable becomes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Text,
    /// `1`, `true`, `yes` and `on` are true; everything else, nothing included, is false.
    Switch,
    /// A number, as it is written.
    Number,
    /// Seconds, with a fraction or without, of a key in milliseconds.
    Seconds,
    /// Words between commas.
    List,
    /// OpenTelemetry's `key=value,key=value`, percent-encoded.
    Pairs,
}

/// A variable of the environment, and how its text is read.
pub(crate) type Variable = (&'static str, Form);

/// One key of the configuration: where it stands and what it is for.
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "the pure engine reads no environment"))]
pub(crate) struct Key {
    /// JSON Pointer; `*` stands for any one name or index.
    pub(crate) path: &'static str,
    /// One sentence for the documentation.
    pub(crate) doc: &'static str,
    /// The variables that set it. The first one that is set decides.
    pub(crate) variables: &'static [Variable],
    /// The default as JSON; empty where there is none.
    pub(crate) default: &'static str,
    /// What a number counts; empty for what is no number.
    pub(crate) unit: &'static str,
    /// Values as JSON, the most private first. Where there are some, the most private that anybody asks for wins.
    pub(crate) most_private: &'static [&'static str],
    /// Whether the value is never shown.
    pub(crate) is_secret: bool,
}

impl Key {
    /// A key that only code and files set, and that has no default.
    pub(crate) const fn new(path: &'static str, doc: &'static str) -> Self {
        Self { path, doc, variables: &[], default: "", unit: "", most_private: &[], is_secret: false }
    }

    pub(crate) const fn variables(mut self, variables: &'static [Variable]) -> Self {
        self.variables = variables;
        self
    }

    pub(crate) const fn default(mut self, json: &'static str) -> Self {
        self.default = json;
        self
    }

    pub(crate) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(crate) const fn most_private(mut self, values: &'static [&'static str]) -> Self {
        self.most_private = values;
        self
    }

    pub(crate) const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// Whether it holds a value: sections, and parts of what is taken whole, do not.
    pub(crate) fn is_leaf(&self) -> bool {
        let is_below = |key: &Key| {
            let below = key.path.strip_prefix(self.path).and_then(|rest| rest.strip_prefix('/'));
            below.is_some_and(|rest| !rest.starts_with('*'))
        };
        !self.path.contains('*') && !keys().any(is_below)
    }
}

/// Variables that set no key, and what reads them.
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "the pure engine reads no environment"))]
pub(crate) const OTHER_VARIABLES: &[(&str, &str)] = &[
    ("DO_NOT_TRACK", "Turns collection off unless it is empty, `0` or `false` (consoledonottrack.com)."),
    ("OTEL_SDK_DISABLED", "Turns collection off where it is `true`."),
    ("TELEMETRY_CONFIG_FILE", "The configuration file, instead of the places where one is looked for."),
    ("TELEMETRY_DEBUG", "`1` prints the client's warnings on standard error."),
    ("TELEMETRY_DASHBOARD_ENABLED", "The collector's."),
    ("TELEMETRY_OPT_OUT_ENFORCE", "The collector's."),
    ("TELEMETRY_RETENTION_DAYS", "The collector's."),
    ("TELEMETRY_REPORT_SCHEDULE", "The collector's."),
    ("TELEMETRY_REPORT_FORMATS", "The collector's."),
    ("TELEMETRY_REPORT_DIR", "The collector's."),
    ("TELEMETRY_REPORT_KEEP", "The collector's."),
    ("TELEMETRY_REPORT_TENANTS", "The collector's."),
    ("TELEMETRY_REPORT_CHROMIUM", "The collector's."),
    (
        "TELEMETRY_AUDIT_KEY",
        "Seals the audit trail of the user's consent: 32 bytes of base64. In the environment only: who can write the trail must not have it.",
    ),
    (
        "TELEMETRY_SPOOL_KEY",
        "Seals the spool: 32 bytes of base64. In the environment only: a key beside the lock opens it.",
    ),
];

/// Every key there is. A section adds its rows here.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    let client =
        super::client::KEYS.iter().chain(super::spool::KEYS).chain(super::export::KEYS).chain(super::metrics::KEYS);
    let client = client.chain(super::signal::KEYS.into_iter().flatten());
    super::privacy::KEYS.iter().chain(super::plan::KEYS).chain(super::sampling::KEYS).chain(client)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::Config;

    #[test]
    fn every_key_of_the_table_can_be_read() {
        for key in keys() {
            let mut value = serde_json::json!(null);
            for name in key.path.rsplit('/').filter(|name| !name.is_empty()) {
                value = serde_json::json!({ name: value });
            }
            // Known to the table; a null may be refused by type, but never as unknown.
            let refused = Config::from_json(&value.to_string()).err().map(|e| e.kind());
            assert_ne!(refused, Some(crate::ErrorKind::ConfigUnknownKey), "{}", key.path);
        }
    }

    #[test]
    fn the_defaults_of_the_table_are_those_of_the_code() {
        let defaults = serde_json::to_value(Config::default()).unwrap();
        for key in keys().filter(|key| key.is_leaf() && !key.path.starts_with("/plan")) {
            let value = defaults.pointer(key.path).unwrap_or(&serde_json::Value::Null);
            let is_empty =
                value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty);
            if value.is_null() || is_empty {
                assert_eq!(key.default, "", "{}", key.path);
            } else {
                assert_eq!(value.to_string(), key.default, "{}", key.path);
            }
        }
    }

    #[test]
    fn a_variable_sets_one_key() {
        let mut seen = BTreeSet::new();
        let others = OTHER_VARIABLES.iter().map(|(name, _)| *name);
        for name in keys().flat_map(|key| key.variables).map(|(name, _)| *name).chain(others) {
            assert!(seen.insert(name), "{name}");
        }
    }

    /// Run with `SCRUBJAY_BLESS=1` to write the tables anew.
    #[test]
    fn the_documented_keys_are_those_of_the_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let mut fresh = page.clone();
        for (name, table) in [("keys", key_table()), ("variables", variable_table())] {
            let (begin, end) =
                (format!("<!-- The {name} are generated from the code. -->\n"), format!("<!-- The {name} end. -->\n"));
            let (before, rest) = fresh.split_once(&begin).unwrap();
            let (_, after) = rest.split_once(&end).unwrap();
            fresh = format!("{before}{begin}\n{table}\n{end}{after}");
        }
        if std::env::var_os("SCRUBJAY_BLESS").is_some() {
            std::fs::write(&path, &fresh).unwrap();
        }
        assert!(
            page == fresh,
            "docs/configuration.md is stale; run this test with SCRUBJAY_BLESS=1 and read the change"
        );
    }

    fn key_table() -> String {
        let mut table = String::from("| key | default | unit | variables | what it is for |\n|---|---|---|---|---|\n");
        for key in keys() {
            let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
            let variables: Vec<String> = key.variables.iter().map(|(name, _)| code(name)).collect();
            let cells = [
                code(key.path),
                code(key.default),
                key.unit.to_owned(),
                variables.join(", "),
                key.doc.replace('|', "\\|"),
            ];
            table.extend([format!("| {} |\n", cells.join(" | "))]);
        }
        table
    }

    fn variable_table() -> String {
        let mut table = String::from("| variable | what it does |\n|---|---|\n");
        for (name, doc) in OTHER_VARIABLES {
            table.extend([format!("| `{name}` | {doc} |\n")]);
        }
        for key in keys() {
            for (name, form) in key.variables {
                let how = match form {
                    Form::Text | Form::Number => "",
                    Form::Switch => "; `1`, `true`, `yes` or `on` is true, everything else false",
                    Form::Seconds => "; in seconds",
                    Form::List => "; words between commas",
                    Form::Pairs => "; `key=value,key=value`, percent-encoded",
                };
                table.extend([format!("| `{name}` | sets `{}`{how} |\n", key.path)]);
            }
        }
        table
    }
}
