//! Lays code, environment and file over each other, and remembers which of them decided each value.
//!
//! The most private value that anybody asks for wins where a key has an order of privacy: any "off" beats every
//! "on". Everywhere else code beats environment, environment beats file, file beats default.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Config, ExporterKind, Form, Key, OTHER_VARIABLES, keys, nearest_of};
use crate::error::{Error, ErrorKind, Result};
use crate::json_value::object;

/// Looks up an environment variable. Injected, so that tests leave the process alone.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Variables that begin so are ours: an unknown one is a slip, and a bad value an error.
const OURS: &str = "TELEMETRY_";

/// Variables that say how an OTLP receiver is reached. They count for no other exporter.
const OTLP: &str = "OTEL_EXPORTER_OTLP_";

const EXPORTER: &str = "/client/export/exporter";

/// What decided a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The application.
    Code,
    /// This variable.
    Environment(&'static str),
    /// The configuration file.
    File,
    /// Nobody said anything.
    Default,
}

impl Source {
    /// The stable word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Environment(_) => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// A configuration with nothing left to look up.
pub(crate) struct Resolved {
    pub(crate) config: Config,
    /// What decided each key that holds a value, in the order of the table.
    pub(crate) sources: Vec<(&'static Key, Source)>,
    /// What was ignored.
    pub(crate) warnings: Vec<Warning>,
}

/// One sentence about what was ignored; quotes no value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) text: String,
    /// Whether it looks like a slip of the hand, and not like somebody else's.
    pub(crate) is_slip: bool,
}

impl From<String> for Warning {
    fn from(text: String) -> Self {
        Self { text, is_slip: false }
    }
}

impl Resolved {
    /// What decided the value at `path`.
    pub(crate) fn source(&self, path: &str) -> Source {
        self.sources.iter().find(|(key, _)| key.path == path).map_or(Source::Default, |(_, source)| *source)
    }
}

/// What the application says, laid over the environment and the file.
///
/// # Errors
/// As [`Config::from_json`]; for a variable of ours too, which the message names.
pub(crate) fn resolve(code: &Config, environment: Environment<'_>, file: Option<&Config>) -> Result<Resolved> {
    let mut warnings = Vec::new();
    let mut variables = variables(environment, &mut warnings)?;
    let defaults = to_value(&Config::default())?;
    let said_in_code = to_value(code)?;
    let said_in_file = file.map(to_value).transpose()?;
    if !sends_otlp(code, file, variables.get(EXPORTER).map(|(value, _)| value)) {
        // Headers meant for an OTLP receiver may hold its secrets: the collector is somebody else.
        variables.retain(|_, (_, name)| !name.starts_with(OTLP));
    }
    // Written only where code does not decide alone, which is the common case.
    let mut laid = None;
    let mut sources = Vec::new();
    for key in keys().filter(|key| key.is_leaf() && !key.path.starts_with("/plan/")) {
        let at = |value: &Value| value.pointer(key.path).cloned().unwrap_or(Value::Null);
        let in_code = at(&said_in_code);
        let is_said = code.written.0.contains(key.path) || in_code != at(&defaults);
        let in_file = file.zip(said_in_file.as_ref()).filter(|(file, _)| file.written.0.contains(key.path));
        let said = [
            is_said.then_some((in_code, Source::Code)),
            variables.get(key.path).map(|(value, name)| (value.clone(), Source::Environment(name))),
            in_file.map(|(_, value)| (at(value), Source::File)),
        ];
        let said: Vec<(Value, Source)> = said.into_iter().flatten().filter(|(value, _)| !value.is_null()).collect();
        let rank = |value: &Value| {
            let text = if key.most_private.is_empty() { String::new() } else { value.to_string() };
            key.most_private.iter().position(|known| text == *known)
        };
        // The first of equals: the order above.
        let winner = said.into_iter().min_by_key(|(value, _)| rank(value));
        if let Some((chosen, source)) = winner {
            if source != Source::Code {
                put(laid.get_or_insert_with(|| said_in_code.clone()), key.path, chosen);
            }
            sources.push((key, source));
        } else {
            sources.push((key, Source::Default));
        }
    }
    let laid: Option<Config> = laid.as_ref().map(crate::json_value::read).transpose().map_err(|_| unreadable())?;
    let mut config = laid.unwrap_or_else(|| code.clone());
    config.plan = code.plan.clone().or_else(|| file.and_then(|file| file.plan.clone()));
    config.written = code.written.clone();
    config.check()?;
    Ok(Resolved { config, sources, warnings })
}

/// Whether records go to an OTLP receiver.
fn sends_otlp(code: &Config, file: Option<&Config>, variable: Option<&Value>) -> bool {
    let is_said = |config: &Config| {
        config.written.0.contains(EXPORTER) || config.client.export.exporter != ExporterKind::default()
    };
    let of = |config: &Config| config.client.export.exporter == ExporterKind::Otlp;
    if is_said(code) {
        return of(code);
    }
    variable.map_or_else(|| file.is_some_and(of), |value| value == "otlp")
}

fn to_value(config: &Config) -> Result<Value> {
    serde_json::to_value(config).map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Internal, "", "the layers of the configuration could not be put together")
}

/// What the environment says, by key, with the variable that says it.
fn variables(
    environment: Environment<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<&'static str, (Value, &'static str)>> {
    let mut found = BTreeMap::new();
    for key in keys() {
        for &(name, form) in key.variables {
            let Some(text) = environment(name).map(|text| text.trim().to_owned()) else { continue };
            // OpenTelemetry: empty is unset. A switch that is set to nothing is not on.
            if text.is_empty() && form != Form::Switch {
                continue;
            }
            match read(key, form, &text) {
                Ok(value) => {
                    found.insert(key.path, (value, name));
                    break;
                }
                Err(error) if name.starts_with(OURS) => {
                    let message = format!("{} (set by {name})", error.message());
                    return Err(Error::new(error.kind(), error.path(), message));
                }
                // OpenTelemetry: warn and ignore.
                Err(_) => warnings.push(format!("{name} is ignored: no value that {} can have", key.path).into()),
            }
        }
    }
    Ok(found)
}

/// A variable's value, checked alone.
fn read(key: &Key, form: Form, text: &str) -> Result<Value> {
    let invalid = |message: &str| Error::new(ErrorKind::ConfigInvalid, key.path, message);
    let number = |text: &str| serde_json::from_str(text).map(Value::Number);
    let value = match form {
        Form::Text => Value::from(text),
        Form::Switch => is_on(text).into(),
        Form::Number => number(text).map_err(|_| invalid("expected a number"))?,
        Form::Seconds => milliseconds(text).map(Value::from).ok_or_else(|| invalid("expected seconds"))?,
        Form::List => text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect(),
        Form::Pairs => pairs(text)
            .map(|pairs| Value::Object(object(pairs)))
            .ok_or_else(|| invalid("expected key=value,key=value"))?,
    };
    let mut alone = Value::Object(Map::new());
    put(&mut alone, key.path, value.clone());
    // What is wrong elsewhere is what this value asks for beside it, which may be said elsewhere too.
    Config::from_json(&alone.to_string()).map(drop).or_else(|e| if e.path() == key.path { Err(e) } else { Ok(()) })?;
    Ok(value)
}

/// The words that turn a switch on.
fn is_on(text: &str) -> bool {
    ["1", "true", "yes", "on"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

fn milliseconds(text: &str) -> Option<u32> {
    let milliseconds = (text.parse::<f64>().ok()? * 1_000.0).round();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to fit")]
    (0.0..=f64::from(u32::MAX)).contains(&milliseconds).then_some(milliseconds as u32)
}

/// OpenTelemetry's list of pairs; nothing where any part is wrong, as it asks.
fn pairs(text: &str) -> Option<Vec<(String, Value)>> {
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(pair).collect()
}

fn pair(text: &str) -> Option<(String, Value)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then_some((name.to_owned(), percent_decoded(value.trim())?.into()))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let [high, low, after @ ..] = rest else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16);
            bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Sets the value at a pointer of plain names, and makes the objects on the way.
fn put(root: &mut Value, path: &str, value: Value) {
    let mut place = root;
    for name in path.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(members) = place else { return };
        place = members.entry(name).or_insert(Value::Null);
    }
    *place = value;
}

/// A sentence for each variable that begins like ours and is none, with the nearest that is.
pub(crate) fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<Warning> {
    let known = || {
        let others = OTHER_VARIABLES.iter().map(|(name, _)| *name);
        keys().flat_map(|key| key.variables).map(|(name, _)| *name).chain(others)
    };
    let mut ours = BTreeSet::new();
    ours.extend(names.filter(|name| name.starts_with(OURS)));
    let unknown = ours.into_iter().filter(|name| !known().any(|known| known == name));
    unknown
        .map(|name| {
            let near = nearest_of(&name, known());
            let hint = near.map_or_else(String::new, |known| format!("; did you mean {known}?"));
            Warning { text: format!("{name} is ignored: no such variable{hint}"), is_slip: near.is_some() }
        })
        .collect()
}
