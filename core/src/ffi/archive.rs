//! [`crate::Engine`] for archives on the host's own disk: one record in, the line to keep out.

use parking_lot::Mutex;

use super::{Engine, guard};
use crate::capture::json_of;
use crate::error::Result;
use crate::outcome::Status;
use crate::stamp::Stamp;

/// Random bytes of one id.
const ID_BYTES: usize = 10;
/// Ids whose random bytes are asked for at once: a call of the system costs as much as the rest of a record.
const IDS_AT_ONCE: usize = 64;

/// What an archive gets of a record.
#[derive(Clone, Copy, Debug)]
pub enum Archived<'a> {
    /// An accepted record's canonical text, without a newline.
    Line(&'a [u8]),
    /// The canonical text of the outcome of any other record.
    Outcome(&'a str),
}

/// The clock's time in microseconds since 1970: what [`ArchiveEngine::process`] takes.
pub fn microseconds_now() -> i64 {
    crate::stamp::microseconds_now()
}

/// An [`Engine`] that stamps what it processes. A forked child needs one of its own: it would give out the ids of its
/// parent again.
pub struct ArchiveEngine {
    engine: Engine,
    bits: Mutex<Bits>,
}

struct Bits {
    bytes: [u8; IDS_AT_ONCE * ID_BYTES],
    used: usize,
}

impl ArchiveEngine {
    /// Nothing is asked of the system before the first record.
    pub fn new(engine: Engine) -> Self {
        let bits = Bits { bytes: [0; IDS_AT_ONCE * ID_BYTES], used: IDS_AT_ONCE * ID_BYTES };
        Self { engine, bits: Mutex::new(bits) }
    }

    /// Processes a record that a shell wrote value by value `at` this moment, in microseconds since 1970, and hands what
    /// becomes of it to `keep`; an absent id or timestamp is filled in.
    ///
    /// A line is handed over where the engine wrote it, and there is no outcome around it: making one, and text and
    /// outcome of memory of their own, took longer than what the engine does with most records. The only error is
    /// `internal`.
    pub fn process<T>(&self, record: &[u8], at: i64, keep: impl FnOnce(Result<Archived<'_>>) -> T) -> T {
        let stamp = Stamp::captured(at, self.bits.lock().next());
        let engine = &self.engine.0;
        if let Some(line) = engine.captured_line(record, &stamp) {
            let kept = keep(Ok(Archived::Line(line.as_bytes())));
            line.give_back();
            return kept;
        }
        let processed = guard(|| {
            // By its text at once: what was just tried is not tried again.
            let mut outcome = engine.process(&json_of(record).unwrap_or_default(), Some(&stamp));
            let line = outcome.record.take_if(|_| outcome.status == Status::Accepted);
            let text = line.is_none().then(|| outcome.to_json());
            Ok((line, text.unwrap_or_default()))
        });
        keep(match &processed {
            Ok((Some(line), _)) => Ok(Archived::Line(line.as_bytes())),
            Ok((None, outcome)) => Ok(Archived::Outcome(outcome)),
            Err(error) => Err(error.clone()),
        })
    }
}

impl Bits {
    fn next(&mut self) -> [u8; ID_BYTES] {
        if self.used == self.bytes.len() {
            // Only on a machine without a random source; ids then fall back to their millisecond.
            let _ = getrandom::fill(&mut self.bytes);
            self.used = 0;
        }
        let mut next = [0; ID_BYTES];
        next.copy_from_slice(&self.bytes[self.used..self.used + ID_BYTES]);
        self.used += ID_BYTES;
        next
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::CapturedRecord;

    fn event(name: &str) -> CapturedRecord {
        let mut record = CapturedRecord::new();
        record.begin_object().name("channel").text("app").name("event").text(name);
        record.name("payload").begin_object().name("to").text("ann@example.com").end().end();
        record
    }

    fn archive() -> ArchiveEngine {
        ArchiveEngine::new(Engine::new("{}").unwrap())
    }

    /// A line, or an outcome's text.
    fn processed(archive: &ArchiveEngine, record: &CapturedRecord, at: i64) -> (bool, String) {
        archive.process(record.as_bytes(), at, |archived| match archived.unwrap() {
            Archived::Line(line) => (true, String::from_utf8(line.to_vec()).unwrap()),
            Archived::Outcome(outcome) => (false, outcome.to_owned()),
        })
    }

    /// 2026-01-02T03:04:05.000006Z
    const AT: i64 = 1_767_323_045_000_006;

    #[test]
    fn an_accepted_record_is_its_scrubbed_line_and_any_other_its_outcome() {
        let archive = archive();
        let (is_line, line) = processed(&archive, &event("sent"), microseconds_now());
        assert!(is_line && line.starts_with('{') && line.contains(r#""to":"[email]""#), "{line}");
        let (is_line, outcome) = processed(&archive, &event(""), AT);
        assert!(!is_line && outcome.starts_with(r#"{"status":"rejected""#), "{outcome}");
        assert!(outcome.contains(r#""timestamp":"2026-01-02T03:04:05.000006Z""#), "{outcome}");
    }

    #[test]
    fn a_plain_record_has_the_same_line_whether_or_not_it_goes_by_its_text() {
        let archive = archive();
        let mut record = CapturedRecord::new();
        record.begin_object().name("channel").text("app").name("event").text("sent");
        record.name("payload").begin_object().name("ms").float(1.5).name("route").text("/items").end().end();
        let lines: Vec<String> = (0..5)
            .map(|_| {
                let (is_line, line) = processed(&archive, &record, AT);
                assert!(is_line);
                // Their ids are random.
                line.split(r#""timestamp""#).nth(1).unwrap().to_owned()
            })
            .collect();
        assert!(lines.iter().all(|line| *line == lines[0]), "{lines:?}");
        let stamp = Stamp::captured(AT, [0; ID_BYTES]);
        assert!(archive.engine.0.captured_line(record.as_bytes(), &stamp).is_some());
    }

    #[test]
    fn no_two_records_have_one_id() {
        let archive = archive();
        let ids: BTreeSet<String> = (0..3 * IDS_AT_ONCE)
            .map(|_| processed(&archive, &event("sent"), AT).1.split(r#""id":""#).nth(1).unwrap()[..36].to_owned())
            .collect();
        assert_eq!(ids.len(), 3 * IDS_AT_ONCE);
    }
}
