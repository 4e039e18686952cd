//! [`crate::Client`] behind text.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Form;
use crate::error::{Error, ErrorKind, Result};
use crate::ffi::consent::Word;
use crate::ffi::guard;
use crate::metrics::{Measurement, MetricKind};
use crate::outcome::Status;

/// [`crate::Client`] behind text. A panic below a call that returns no error leaves it without effect.
pub struct Client(crate::Client);

impl Client {
    /// A client as configured, a JSON object; see [`crate::Client::new`] for what the environment adds. Reads the
    /// environment once and starts nothing.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    pub fn new(config: &str) -> Result<Self> {
        guard(|| {
            let client = crate::Client::new(&crate::Config::from_json(config)?)?;
            client.warn_of_configuration();
            Ok(Self(client))
        })
    }

    /// Whether [`take_warnings`](Self::take_warnings) has lines, for a shell to ask with every call.
    #[inline]
    pub fn has_warnings(&self) -> bool {
        self.0.has_warnings()
    }

    /// What the host should say, one line each, in the way its programs expect; see [`crate::Client::take_warnings`].
    pub fn take_warnings(&self) -> Vec<String> {
        guard(|| Ok(self.0.take_warnings())).unwrap_or_default()
    }

    /// Whether the client is off, so that a shell need not walk a record for it.
    pub fn is_off(&self) -> bool {
        guard(|| Ok(self.0.is_off())).unwrap_or(true)
    }

    /// Captures a record without ever waiting; `false` where the client is off or was shut down.
    pub fn track(&self, record: &[u8]) -> bool {
        guard(|| Ok(self.0.track(record))).unwrap_or(false)
    }

    /// Whether `track` waits for the disk: hosts let other threads run meanwhile.
    pub fn is_durable(&self) -> bool {
        self.0.is_durable()
    }

    /// [`track`](Self::track) of a record that a shell wrote value by value.
    pub fn track_captured(&self, record: &[u8]) -> bool {
        guard(|| Ok(self.0.track_compact(record))).unwrap_or(false)
    }

    /// [`track`](Self::track), which tells `told` what it would return: at once, or, where the client is durable, from
    /// another thread when the record is on the disk or cannot be. `told` is called once and must not wait.
    pub fn track_then(&self, record: &[u8], told: impl FnOnce(bool) + Send + 'static) {
        let _ = guard(|| {
            self.0.capture_then(Form::Json, record, told);
            Ok(())
        });
    }

    /// The same of a record that a shell wrote value by value, for hosts that ask instead of being called: the number
    /// under which `tickets` tells what became of it.
    pub fn track_captured_async(&self, record: &[u8], tickets: &Tickets) -> u64 {
        let (number, told) = tickets.issue();
        let _ = guard(|| {
            self.0.capture_then(Form::Compact, record, told);
            Ok(())
        });
        number
    }

    /// For a host's own hook in a forked child: lets go of what the parent holds, such as its place in the spool.
    pub fn after_fork(&self) {
        let _ = guard(|| {
            self.0.after_fork();
            Ok(())
        });
    }

    /// [`track_captured`](Self::track_captured) of many records: each has its length in 4 bytes, the milliseconds
    /// since 1970 as a float in 8, and its bytes, all little-endian; a length of `ffffffff` stands for a record that is
    /// too large, and has no bytes. Returns whether the client still captures.
    pub fn track_framed(&self, frames: &[u8]) -> bool {
        guard(|| Ok(self.0.track_framed(frames))).unwrap_or(false)
    }

    /// [`track_checked`](Self::track_checked) of a record that a shell wrote value by value, in its compact bytes. What
    /// comes back is no text yet: most callers look at the status alone.
    ///
    /// # Errors
    /// `internal` only.
    pub fn check_captured(&self, record: &[u8]) -> Result<Checked> {
        guard(|| Ok(Checked(self.0.check(Form::Compact, record))))
    }

    /// The outcome of a record that a host could not write: nothing is the one honest text of it. Captures and counts
    /// nothing.
    ///
    /// # Errors
    /// `internal` only.
    pub fn unwritten(&self) -> Result<Checked> {
        guard(|| Ok(Checked(self.0.unwritten())))
    }

    /// [`check_captured`](Self::check_captured) as text.
    ///
    /// # Errors
    /// `internal` only.
    pub fn track_captured_checked(&self, record: &[u8]) -> Result<String> {
        guard(|| Ok(self.0.check(Form::Compact, record).to_json()))
    }

    /// Runs the engine at once, queues the record where it was accepted, and returns the outcome as canonical
    /// JSON.
    ///
    /// # Errors
    /// `internal` only.
    pub fn track_checked(&self, record: &[u8]) -> Result<String> {
        guard(|| Ok(self.0.track_checked(record).to_json()))
    }

    /// Adds a measurement, a JSON object: `{"name":…,"type":"counter"|"updowncounter"|"gauge"|"histogram","value":n,
    /// "unit":…,"attributes":{…}}`, the last two if any. `false` where the client is off or was shut down, or where it is
    /// no measurement, of which a warning tells; see [`crate::Client::measure`].
    ///
    /// # Errors
    /// `internal` only.
    pub fn measure(&self, measurement: &str) -> Result<bool> {
        guard(|| {
            let Ok(written) = serde_json::from_str::<Written<'_>>(measurement) else {
                return Ok(self.0.refuse_measurement());
            };
            let Some(kind) = MetricKind::named(&written.kind) else { return Ok(self.0.refuse_measurement()) };
            Ok(self.0.measure(&Measurement {
                name: &written.name,
                kind,
                unit: &written.unit,
                value: written.value,
                attributes: written.attributes.map_or("", RawValue::get),
            }))
        })
    }

    /// What the next requests would carry; the JSON that [`crate::Client::preview`] describes.
    ///
    /// # Errors
    /// `internal` only.
    pub fn preview(&self) -> Result<String> {
        guard(|| Ok(self.0.preview()))
    }

    /// Waits up to `timeout_ms` milliseconds; whether everything captured before the call was delivered or
    /// finally dropped.
    pub fn flush(&self, timeout_ms: u64) -> bool {
        guard(|| Ok(self.0.flush(Duration::from_millis(timeout_ms)))).unwrap_or(false)
    }

    /// Ends capture and delivery within `timeout_ms` milliseconds; whether nothing was left behind. Further calls
    /// return the same.
    pub fn shutdown(&self, timeout_ms: u64) -> bool {
        guard(|| Ok(self.0.shutdown(Duration::from_millis(timeout_ms)))).unwrap_or(false)
    }

    /// Records that the user agrees, and starts collecting where nothing else says off: whether it does. `grant` is
    /// `{"purposes":[…],"notice_version":…,"source":…}`; absent purposes are all, an absent version is the configured
    /// one. See [`crate::Client::opt_in`].
    ///
    /// # Errors
    /// `argument_invalid`, `consent_unavailable`.
    pub fn opt_in(&self, grant: &str) -> Result<bool> {
        guard(|| {
            let grant = Word::from_json(grant)?;
            self.0.opt_in(&grant.purposes, grant.notice_version.as_deref(), &grant.source)
        })
    }

    /// Records that the user no longer agrees; returns when what was captured is erased and nothing more will be sent.
    /// `word` is `{"purposes":[…],"source":…}`; absent purposes are all. See [`crate::Client::opt_out`].
    ///
    /// # Errors
    /// `argument_invalid`, `consent_unavailable`.
    pub fn opt_out(&self, word: &str) -> Result<()> {
        guard(|| {
            let word = Word::from_json(word)?;
            self.0.opt_out(&word.purposes, &word.source)
        })
    }

    /// Asks the collector to delete what it has of a user: `{"user_id":…,"tenant_id":…,"source":…}`, the tenant if any. See
    /// [`crate::Client::request_deletion`].
    ///
    /// # Errors
    /// `argument_invalid`, `config_invalid`, `consent_unavailable`.
    pub fn request_deletion(&self, wish: &str) -> Result<()> {
        guard(|| {
            let wish: Wish = serde_json::from_str(wish).map_err(|_| {
                let form = r#"expected {"user_id":…,"source":…}, with "tenant_id" if any"#;
                Error::new(ErrorKind::ArgumentInvalid, "", form)
            })?;
            self.0.request_deletion(&wish.user_id, wish.tenant_id.as_deref(), &wish.source)
        })
    }

    /// Takes another configuration without losing what is queued; the changed keys as JSON. See
    /// [`crate::Client::reconfigure`].
    ///
    /// # Errors
    /// As [`new`](Self::new), and then nothing changes.
    pub fn reconfigure(&self, config: &str) -> Result<String> {
        guard(|| self.0.reconfigure(&crate::Config::from_json(config)?))
    }

    /// What changed since a listener last asked, as JSON: `{"next":n,"changes":[…]}`. See [`crate::Client::changes`].
    pub fn changes(&self, since: u64) -> String {
        guard(|| Ok(self.0.changes(since))).unwrap_or_default()
    }

    /// What holds and who decided it, as JSON. See [`crate::Client::status`].
    pub fn status(&self) -> String {
        guard(|| Ok(self.0.status())).unwrap_or_default()
    }

    /// Every change of the user's consent, as a JSON array of the audit trail's entries.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub fn consent_history(&self) -> Result<String> {
        guard(|| self.0.consent_history())
    }

    /// Checks the audit trail of the user's consent:
    /// `{"entries":n,"head":…,"broken_at":n|null,"keyed":n,"proved_up_to":n|null}`.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub fn consent_verify(&self) -> Result<String> {
        guard(|| self.0.consent_verify())
    }

    /// What became of every record; the JSON that [`crate::Client::stats`] describes.
    pub fn stats(&self) -> String {
        guard(|| Ok(self.0.stats())).unwrap_or_default()
    }
}

/// What became of records whose callers go on meanwhile, by numbers: a call from a native thread into a host's runtime
/// needs more care at the runtime's end than a look now and then.
#[derive(Clone, Default)]
pub struct Tickets(Arc<Mutex<Issued>>);

#[derive(Default)]
struct Issued {
    last: u64,
    told: Vec<(u64, bool)>,
}

impl Tickets {
    /// A number, and what is to be told of it.
    fn issue(&self) -> (u64, impl FnOnce(bool) + Send + use<>) {
        let number = {
            let mut issued = self.0.lock();
            issued.last += 1;
            issued.last
        };
        let tickets = self.clone();
        (number, move |is_kept| tickets.0.lock().told.push((number, is_kept)))
    }

    /// The numbers of which something was told since this was asked last, each with what [`Client::track`] would have
    /// returned. Each number comes once.
    pub fn take(&self) -> Vec<(u64, bool)> {
        std::mem::take(&mut self.0.lock().told)
    }
}

/// An outcome whose text is written when somebody asks for it.
pub struct Checked(crate::Outcome);

impl Checked {
    /// `accepted`, `rejected` or `dropped`.
    pub fn status(&self) -> &'static str {
        self.0.status.as_str()
    }

    /// The record alone, which begins with its schema, where that says all: it was accepted as it came, and has its id.
    /// Else what [`to_json`](Self::to_json) returns, which begins with the status. Nothing is copied for the first.
    ///
    /// # Errors
    /// `internal` only.
    pub fn into_short(self) -> Result<String> {
        match self.0 {
            crate::Outcome { status: Status::Accepted, id: Some(_), redactions, record: Some(record), .. }
                if redactions.is_empty() =>
            {
                Ok(record)
            }
            outcome => Self(outcome).to_json(),
        }
    }

    /// The canonical JSON of all of it.
    ///
    /// # Errors
    /// `internal` only.
    pub fn to_json(&self) -> Result<String> {
        guard(|| Ok(self.0.to_json()))
    }
}

/// A user's wish to be deleted, as hosts write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    user_id: String,
    #[serde(default)]
    tenant_id: Option<String>,
    source: String,
}

/// A measurement as hosts write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    value: f64,
    #[serde(borrow, default)]
    unit: Cow<'a, str>,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_off_takes_no_measurement() {
        let client = Client::new(r#"{"client":{"enabled":false}}"#).unwrap();
        let whole = r#"{"name":"jobs","type":"counter","value":1,"unit":"1","attributes":{"a":1}}"#;
        assert!(!client.measure(whole).unwrap(), "the client is off");
        assert!(!client.measure(r#"{"name":"jobs","type":"gauge","value":1.5}"#).unwrap());
        assert_eq!(client.preview().unwrap(), "[]");
    }

    #[test]
    fn what_is_no_measurement_stops_nobody_and_is_told() {
        for bad in [
            "",
            r#"{"name":"jobs","type":"counter"}"#,
            r#"{"name":"jobs","type":"summary","value":1}"#,
            r#"{"name":"jobs","type":"counter","value":1,"vlaue":1}"#,
            r#"{"name":"jobs","type":"counter","value":-1}"#,
        ] {
            let client = Client::new(r#"{"client":{"enabled":true,"endpoint":"http://127.0.0.1:9"}}"#).unwrap();
            assert!(!client.measure(bad).unwrap(), "{bad}");
            assert!(client.has_warnings(), "{bad}");
            let told = client.take_warnings();
            assert!(told[0].starts_with("scrubjay: 1 measurement was not taken: expected a name"), "{told:?}");
            assert!(!client.has_warnings() && client.take_warnings().is_empty(), "told once");
            let heard = client.changes(0);
            assert!(heard.contains(r#""kind":"warning","message":"scrubjay: 1 measurement was not taken"#), "{heard}");
        }
    }

    #[test]
    fn a_client_is_off_unless_turned_on_and_says_so() {
        let client = Client::new(r#"{"client":{"enabled":false}}"#).unwrap();
        assert!(!client.track(b"{}"));
        assert!(client.track_checked(b"{}").unwrap().starts_with(r#"{"status":"rejected""#));
        assert!(client.flush(0) && client.shutdown(u64::MAX));
        let stats = client.stats();
        assert!(stats.starts_with(r#"{"enabled":false,"disabled_by":""#), "{stats}");
        assert!(stats.contains(r#""not_captured":2"#), "{stats}");
    }

    #[test]
    fn an_outcome_is_short_where_its_record_says_all() {
        let client = Client::new(r#"{"client":{"enabled":false}}"#).unwrap();
        let short = |value: &str| {
            let mut record = crate::CapturedRecord::new();
            record.begin_object().name("channel").text("app").name("event").text("e");
            record.name("payload").begin_object().name("to").text(value).end().end();
            let checked = client.check_captured(record.as_bytes()).unwrap();
            (checked.to_json().unwrap(), checked.into_short().unwrap())
        };
        let (whole, record) = short("nobody");
        assert!(
            record.starts_with(r#"{"schema":"#) && whole.ends_with(&format!(r#""redactions":[],"record":{record}}}"#))
        );
        let (whole, same) = short("ann@example.com");
        assert!(whole.starts_with(r#"{"status":"accepted""#) && whole == same, "{same}");
        let unwritten = client.unwritten().unwrap();
        assert!(unwritten.into_short().unwrap().starts_with(r#"{"status":"rejected""#));
    }

    #[test]
    fn a_misspelt_key_is_an_error_with_its_place() {
        let error = Client::new(r#"{"client":{"endpont":"http://h"}}"#).err().unwrap();
        assert_eq!((error.kind().code(), error.path()), ("config_unknown_key", "/client/endpont"));
    }
}
