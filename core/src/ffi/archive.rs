//! [`crate::Engine`] for archives on the host's own disk: one record in, the line to keep out.

use parking_lot::Mutex;

use super::{Engine, guard};
use crate::error::Result;
use crate::outcome::Status;
use crate::stamp::Stamp;

/// Random bytes of one id.
const ID_BYTES: usize = 10;
/// Ids whose random bytes are asked for at once: a call of the system costs as much as the rest of a record.
const IDS_AT_ONCE: usize = 64;

/// What an archive gets of a record.
#[derive(Clone, Debug)]
pub enum Archived {
    /// An accepted record's line was added to the caller's.
    Line,
    /// The canonical text of the outcome of any other record.
    Outcome(String),
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

    /// Processes a record that a shell wrote value by value `at` this moment, in microseconds since 1970; an absent id or
    /// timestamp is filled in. Where it is accepted, its canonical text and a newline are added to `lines`: copying a line
    /// into an outcome only to cut it out again costs as much as writing it. A plain record has no JSON text in between,
    /// either, and no memory of its own.
    ///
    /// # Errors
    /// `internal` only.
    pub fn process(&self, record: &[u8], at: i64, lines: &mut Vec<u8>) -> Result<Archived> {
        let stamp = Stamp::captured(at, self.bits.lock().next());
        if self.engine.0.add_captured_line(record, &stamp, lines) {
            return Ok(Archived::Line);
        }
        guard(|| {
            let mut outcome = self.engine.0.process_text_of(record, Some(&stamp));
            match (outcome.status, outcome.record.take()) {
                (Status::Accepted, Some(line)) => {
                    lines.extend_from_slice(line.as_bytes());
                    lines.push(b'\n');
                    Ok(Archived::Line)
                }
                (_, record) => {
                    outcome.record = record;
                    Ok(Archived::Outcome(outcome.to_json()))
                }
            }
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
        let mut lines = b"before\n".to_vec();
        match archive.process(record.as_bytes(), at, &mut lines).unwrap() {
            Archived::Line => {
                let lines = String::from_utf8(lines).unwrap();
                (true, lines.strip_prefix("before\n").and_then(|line| line.strip_suffix('\n')).unwrap().to_owned())
            }
            Archived::Outcome(outcome) => {
                assert_eq!(lines, b"before\n");
                (false, outcome)
            }
        }
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
        assert!(archive.engine.0.captured(record.as_bytes(), &stamp).is_some());
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
