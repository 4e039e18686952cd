//! Which records are kept, decided by a hash of what they belong to. Pure.
//!
//! **Key.** The first that a record has of: `trace_id`, `session_id`, `user_id`, `id`, each as the host wrote it, a
//! trace's id in lower case. So all records of a trace share one fate, in every service and runtime, and records of
//! one kept at a lower rate are among those of a higher one.
//!
//! **Hash.** The first eight bytes of the key's SHA-256, as a big-endian number: anybody can compute it, in a query as
//! well. A record is kept where it is below rate × 2⁶⁴.
//!
//! **Rate.** That of the metric's name, else of the channel, else the common one. A kept record says it in
//! `sample_rate` where it is below 1, so that whoever counts divides by it: a counter's value, a number of events. A
//! record that comes with a `sample_rate` was sampled by its host, and is left alone.
//!
//! **Under load** (`adaptive`), errors are kept whatever the rate, and the rates of all others are halved again and
//! again as the queue fills from half to full, down to a 64th. Errors are: `level` error or fatal, `severity` error,
//! a span's status `error`, an event named `exception`, a payload with `exception.type` or `error.type`
//! (OpenTelemetry's names), and every inconsistency of a replay.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::capture::write_number;
use crate::config::SamplingConfig;
use crate::json::{Document, Kind};
use crate::record::limits::MAX_RECORD_BYTES;
use crate::scan::Lanes;

/// A compiled configuration.
#[derive(Debug)]
pub(crate) struct Sampler {
    rate: f64,
    channels: BTreeMap<String, f64>,
    metrics: BTreeMap<String, f64>,
    is_adaptive: bool,
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    /// It goes on as it is: nothing was decided, or it is one of all.
    Keep,
    /// It goes on, and stands for so many: this share of such records is kept.
    KeepOneOf(f64),
    /// It is not kept.
    Drop,
}

/// Bytes of the member that says the rate, with the longest number. A record without room for it is kept.
const RATE_BYTES: usize = 48;

/// Halvings at which the adaptive mode stops.
const MOST_HALVINGS: f64 = 6.0;

impl Sampler {
    /// Nothing where everything is kept: then records need not be looked at.
    pub(crate) fn new(config: &SamplingConfig) -> Option<Self> {
        let sampler = Self {
            rate: config.rate.unwrap_or(1.0),
            channels: config.channels.clone(),
            metrics: config.metrics.clone(),
            is_adaptive: config.adaptive,
        };
        let keeps_all = sampler.rates().all(|rate| rate >= 1.0) && !sampler.is_adaptive;
        (!keeps_all).then_some(sampler)
    }

    fn rates(&self) -> impl Iterator<Item = f64> + '_ {
        std::iter::once(self.rate).chain(self.channels.values().chain(self.metrics.values()).copied())
    }

    /// Decides about a record, JSON text as the host wrote it. `id` is the one that it is stamped with if it has none;
    /// `pressure` says how full the queue is, from 0 to 1.
    ///
    /// What cannot be read is kept: the engine is to judge it.
    pub(crate) fn decide(&self, record: &[u8], id: &str, pressure: f64) -> Decision {
        let Ok(document) = Document::read(record, Lanes::none()) else { return Decision::Keep };
        if document.node(0).kind != Kind::Object || record.len() + RATE_BYTES > MAX_RECORD_BYTES {
            return Decision::Keep;
        }
        let view = View { document, record: 0 };
        if view.node(&["sample_rate", "sampleRate"]).is_some() {
            return Decision::Keep;
        }
        let mut rate = self.rate_of(&view);
        if self.is_adaptive {
            if view.is_error() {
                return Decision::Keep;
            }
            rate *= relief(pressure);
        }
        if rate >= 1.0 {
            return Decision::Keep;
        }
        if is_kept(&view.key().unwrap_or(id.into()), rate) { Decision::KeepOneOf(rate) } else { Decision::Drop }
    }

    fn rate_of(&self, view: &View<'_>) -> f64 {
        let of = |rates: &BTreeMap<String, f64>, names: &[&str]| {
            if rates.is_empty() {
                return None;
            }
            rates.get(&*view.text(names)?).copied()
        };
        let metric = || {
            // A span has a name too, and no value.
            view.node(&["value"])?;
            of(&self.metrics, &["name", "metric_name", "metricName"])
        };
        metric().or_else(|| of(&self.channels, &["channel"])).unwrap_or(self.rate)
    }
}

/// The factor of all rates at this pressure: a power of two, so that a stream of records has few different rates.
fn relief(pressure: f64) -> f64 {
    // Half full and less is no pressure; full is all of it.
    let halvings = ((pressure - 0.5) * 2.0 * (MOST_HALVINGS + 1.0)).floor().clamp(0.0, MOST_HALVINGS);
    (-halvings).exp2()
}

/// Whether what belongs to `key` is among the share that is kept.
fn is_kept(key: &str, rate: f64) -> bool {
    let hash = Sha256::digest(key.as_bytes());
    let place = hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    // Saturates at the ends, which are decided by hand: everything below 1 is not everything.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 2^64, at least 0")]
    let threshold = (rate * 18_446_744_073_709_551_616.0) as u64;
    place < threshold
}

/// The decision about a record without pressure, as JSON: `{"kept":bool,"sample_rate":number|null}`; the rate is null
/// where none would be written. A record without a key of its own has the empty one.
pub(crate) fn explain(config: &SamplingConfig, record: &[u8]) -> String {
    let decision = Sampler::new(config).map_or(Decision::Keep, |sampler| sampler.decide(record, "", 0.0));
    let mut rate = b"null".to_vec();
    if let Decision::KeepOneOf(share) = decision {
        rate.clear();
        write_number(share, &mut rate);
    }
    format!(r#"{{"kept":{},"sample_rate":{}}}"#, decision != Decision::Drop, String::from_utf8_lossy(&rate))
}

/// Says a kept record's rate, as its first member. `record` is an object.
#[cfg(feature = "client")]
pub(crate) fn with_rate(record: &[u8], rate: f64, out: &mut Vec<u8>) {
    let start = record.iter().position(|&byte| byte == b'{').map_or(0, |brace| brace + 1);
    out.extend_from_slice(&record[..start]);
    out.extend_from_slice(b"\"sample_rate\":");
    write_number(rate, out);
    // An object without members is not decided about: it has nothing of a record.
    out.push(b',');
    out.extend_from_slice(&record[start..]);
}

/// A record by its members, in the spellings of all documents.
struct View<'a> {
    document: Document<'a>,
    record: usize,
}

impl<'a> View<'a> {
    fn member(&self, object: usize, names: &[&str]) -> Option<usize> {
        let is = |name: usize| names.contains(&self.document.raw(self.document.node(name)));
        let found = self.document.members(object).find(|(name, _)| is(*name)).map(|(_, value)| value);
        found.filter(|value| self.document.node(*value).kind != Kind::Null)
    }

    fn node(&self, names: &[&str]) -> Option<usize> {
        self.member(self.record, names)
    }

    fn within(&self, outer: &str, names: &[&str]) -> Option<usize> {
        let object = self.node(&[outer])?;
        (self.document.node(object).kind == Kind::Object).then(|| self.member(object, names)).flatten()
    }

    fn scalar(&self, value: usize) -> Option<Cow<'a, str>> {
        let node = self.document.node(value);
        match node.kind {
            Kind::String => Some(self.document.text(node)),
            Kind::Number => Some(self.document.raw(node).into()),
            Kind::Null | Kind::Bool | Kind::Object | Kind::Array => None,
        }
    }

    fn text(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        self.scalar(self.node(names)?)
    }

    /// The text by which the record is decided about; nothing where it has none of its own.
    fn key(&self) -> Option<Cow<'a, str>> {
        let anywhere = |names: &[&str]| {
            let found = self.text(names).or_else(|| self.scalar(self.within("context", names)?));
            found.filter(|text| !text.is_empty())
        };
        let lower = |text: Cow<'a, str>| {
            if text.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text }
        };
        anywhere(&["trace_id", "traceId"])
            .map(lower)
            .or_else(|| anywhere(&["session_id", "sessionId"]))
            .or_else(|| anywhere(&["user_id", "userId"]))
            .or_else(|| self.text(&["id"]))
    }

    fn is_error(&self) -> bool {
        let says = |names: &[&str], words: &[&str]| {
            self.text(names).is_some_and(|text| words.iter().any(|word| word.eq_ignore_ascii_case(&text)))
        };
        let failed = || {
            let code = self.scalar(self.within("status", &["code"])?)?;
            Some(["error", "2", "status_code_error"].iter().any(|word| word.eq_ignore_ascii_case(&code)))
        };
        let typed = |room| self.within(room, &["exception.type", "error.type"]).is_some();
        says(&["level", "severity"], &["error", "err", "fatal", "critical"])
            || says(&["event", "event_name", "eventName"], &["exception"])
            || failed() == Some(true)
            || typed("payload")
            || typed("properties")
            || self.node(&["state_hash_before", "stateHashBefore"]).is_some()
    }
}

#[cfg(test)]
mod tests;
