//! From captured records to records that can be sent: read, sampled, validated, scrubbed.

use std::cell::Cell;

use crate::capture::{JsonText, MAX_CAPTURED_BYTES, write_json};
use crate::client::batch::Ready;
use crate::client::ledger::{Findings, Reason};
use crate::client::queue::{Bits, Captured, Chunk, Form, Load};
use crate::engine::Engine;
use crate::outcome::{Outcome, Status};
use crate::record::limits::MAX_RECORD_BYTES;
use crate::sampling::{Decision, Sampler, with_rate};
use crate::stamp::Stamp;

/// What became of records that the worker took.
#[derive(Default)]
pub(crate) struct Prepared {
    pub(crate) ready: Vec<Ready>,
    /// Records that end here, by reason.
    pub(crate) dropped: Vec<(Reason, Load)>,
    pub(crate) findings: Findings,
}

impl Prepared {
    /// Drops those of the ready records that `may` does not hold for.
    pub(crate) fn keep(&mut self, may: impl Fn(&str) -> bool, reason: Reason) {
        for record in std::mem::take(&mut self.ready) {
            if may(&record.text) {
                self.ready.push(record);
            } else {
                self.drop_for(reason, record.cost);
            }
        }
    }

    fn drop_for(&mut self, reason: Reason, bytes: usize) {
        let load = Load { items: 1, bytes };
        match self.dropped.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, sum)) => *sum += load,
            None => self.dropped.push((reason, load)),
        }
    }
}

/// What records are run through.
pub(crate) struct Pipeline<'a> {
    pub(crate) engine: &'a Engine,
    /// Absent where everything is kept.
    pub(crate) sampler: Option<&'a Sampler>,
    /// How full the queue is, from 0 to 1.
    pub(crate) pressure: f64,
}

/// What one record came to.
enum Fate {
    Ready(Box<str>),
    Dropped(Reason),
}

impl Pipeline<'_> {
    /// Runs all records of `chunks`.
    pub(crate) fn run(&self, chunks: &[Chunk]) -> Prepared {
        let items = chunks.iter().map(|chunk| chunk.load().items).sum();
        let mut prepared = Prepared { ready: Vec::with_capacity(items), ..Prepared::default() };
        let mut scratch = Scratch::default();
        for (record, bits) in chunks.iter().flat_map(Chunk::records) {
            let cost = record.bytes.len();
            match self.run_one(&record, bits, &mut scratch, &mut prepared.findings) {
                Fate::Ready(text) => prepared.ready.push(Ready { text, cost }),
                Fate::Dropped(reason) => prepared.drop_for(reason, cost),
            }
        }
        prepared
    }

    /// What one record becomes, if it goes on.
    pub(crate) fn text(&self, record: &Captured<'_>, bits: Bits) -> Option<Box<str>> {
        match self.run_one(record, bits, &mut Scratch::default(), &mut Findings::default()) {
            Fate::Ready(text) => Some(text),
            Fate::Dropped(_) => None,
        }
    }

    fn run_one(&self, record: &Captured<'_>, bits: Bits, scratch: &mut Scratch, findings: &mut Findings) -> Fate {
        if record.form == Form::Scrubbed {
            // The engine wrote it, as text.
            return Fate::Ready(String::from_utf8_lossy(record.bytes).into());
        }
        let stamp = Stamp::captured(record.at, bits);
        let outcome = match self.processed(record, &stamp, scratch) {
            Ok(outcome) => outcome,
            Err(reason) => return Fate::Dropped(reason),
        };
        findings.note(&outcome);
        let accepted = outcome.record.filter(|_| outcome.status == Status::Accepted);
        accepted.map_or(Fate::Dropped(Reason::Invalid), |text| Fate::Ready(text.into_boxed_str()))
    }

    /// The outcome of one that is kept whatever it says, straight from its values; nothing where its text is needed.
    fn captured(&self, record: &Captured<'_>, stamp: &Stamp) -> Option<Outcome> {
        if record.form != Form::Compact || self.sampler.is_some() {
            return None;
        }
        self.engine.captured(record.bytes, stamp)
    }

    /// The engine's outcome for a record that is kept, or why none was asked for.
    fn processed(&self, record: &Captured<'_>, stamp: &Stamp, scratch: &mut Scratch) -> Result<Outcome, Reason> {
        self.captured(record, stamp).map_or_else(|| self.outcome(record, stamp, scratch), Ok)
    }

    /// The same by way of the record's text.
    fn outcome(&self, record: &Captured<'_>, stamp: &Stamp, scratch: &mut Scratch) -> Result<Outcome, Reason> {
        let mut text = record.bytes;
        if record.form == Form::Compact {
            if text.len() > MAX_CAPTURED_BYTES {
                return Err(Reason::TooLarge);
            }
            scratch.text.clear();
            if write_json(record.bytes, &mut scratch.text).is_err() {
                // Nothing is the one honest text of what no host can have meant.
                scratch.text.clear();
            }
            text = scratch.text.as_bytes();
        }
        if text.len() > MAX_RECORD_BYTES {
            return Err(Reason::TooLarge);
        }
        let sampler = self.sampler.filter(|_| record.form != Form::Sum);
        match sampler.map(|sampler| sampler.decide(text, stamp.id().as_str(), self.pressure)) {
            None | Some(Decision::Keep) => Ok(self.engine.process(text, Some(stamp))),
            Some(Decision::KeepOneOf(rate)) => {
                scratch.rated.clear();
                with_rate(text, rate, &mut scratch.rated);
                Ok(self.engine.process(&scratch.rated, Some(stamp)))
            }
            Some(Decision::Drop) => Err(Reason::Sampled),
        }
    }

    /// One record at once, for a caller who wants the outcome: that, and what to book. A record that the sampler
    /// drops has an outcome too: whether it is valid does not hang on luck.
    pub(crate) fn check(&self, record: &Captured<'_>, bits: Bits) -> (Outcome, Option<Reason>) {
        let stamp = Stamp::captured(record.at, bits);
        if let Some(outcome) = self.captured(record, &stamp) {
            // It was accepted: no other is written so.
            return (outcome, None);
        }
        let mut scratch = SCRATCH.take();
        let checked = self.check_in(record, &stamp, &mut scratch);
        if scratch.text.capacity() <= MAX_KEPT_BYTES {
            SCRATCH.set(scratch);
        }
        checked
    }

    fn check_in(&self, record: &Captured<'_>, stamp: &Stamp, scratch: &mut Scratch) -> (Outcome, Option<Reason>) {
        let unsampled = || Pipeline { sampler: None, ..*self }.processed(record, stamp, &mut Scratch::default());
        let (outcome, sampled) = match self.outcome(record, stamp, scratch) {
            Err(Reason::Sampled) => (unsampled(), true),
            outcome => (outcome, false),
        };
        match outcome {
            Ok(outcome) if outcome.status != Status::Accepted => (outcome, Some(Reason::Invalid)),
            Ok(outcome) => (outcome, sampled.then_some(Reason::Sampled)),
            // The engine says it in its own words.
            Err(reason) => (self.engine.process(&vec![b' '; MAX_RECORD_BYTES + 1], None), Some(reason)),
        }
    }
}

/// Memory that is used from record to record.
#[derive(Default)]
struct Scratch {
    text: JsonText,
    rated: Vec<u8>,
}

/// Bytes of text whose memory a thread keeps: most records have a hundredth of what one may have.
const MAX_KEPT_BYTES: usize = 8 << 10;

thread_local! {
    /// Of records that their callers have checked.
    static SCRATCH: Cell<Scratch> = const { Cell::new(Scratch { text: JsonText::new(), rated: Vec::new() }) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::CapturedRecord;
    use crate::{Config, client::queue::Queue, client::settings::Bounds};

    const BATCH: Bounds = Bounds { items: 100, bytes: 1 << 20 };

    fn run(config: &str, records: &[(Form, &[u8])]) -> Prepared {
        let config = Config::from_json(config).unwrap();
        let engine = Engine::new(&config).unwrap();
        let sampler = Sampler::new(&config.sampling);
        let mut queue = Queue::new(BATCH);
        for (seq, (form, bytes)) in (0..).zip(records) {
            queue.push(seq, Captured { form: *form, at: 1_000_000, bytes }, std::time::Instant::now, BATCH);
        }
        Pipeline { engine: &engine, sampler: sampler.as_ref(), pressure: 0.0 }.run(&queue.take(BATCH))
    }

    fn compact(payload: &str) -> CapturedRecord {
        let mut record = CapturedRecord::new();
        record.begin_object().name("channel").text("app").name("event").text("e").name("payload").begin_object();
        record.name("to").text(payload).end().end();
        record
    }

    #[test]
    fn a_record_ends_as_the_same_bytes_whichever_way_it_was_captured() {
        let compact = compact("ann@example.com");
        let json = br#"{"channel":"app","event":"e","payload":{"to":"ann@example.com"}}"#;
        let prepared = run("{}", &[(Form::Json, json), (Form::Compact, compact.as_bytes())]);
        let texts: Vec<String> = prepared.ready.iter().map(|ready| without_id(&ready.text)).collect();
        assert!(texts[0].contains(r#""timestamp":"1970-01-01T00:00:01.000000Z""#), "{}", texts[0]);
        assert!(texts[0].contains(r#""to":"[email]""#), "{}", texts[0]);
        assert_eq!(texts[0], texts[1]);
    }

    fn without_id(text: &str) -> String {
        let mut record: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(record["id"].as_str().unwrap().len(), 36);
        record["id"] = serde_json::Value::Null;
        record.to_string()
    }

    #[test]
    fn what_does_not_go_on_is_told_by_reason_with_its_bytes() {
        let mut large = CapturedRecord::new();
        large.begin_array();
        (0..MAX_RECORD_BYTES / 2).for_each(|_| _ = large.int(1));
        large.end();
        let large = large.as_bytes();
        let records = [(Form::Compact, large), (Form::Json, b"{}"), (Form::Compact, &[0xff]), (Form::Compact, &[])];
        let prepared = run("{}", &records);
        assert!(prepared.ready.is_empty());
        let load = |items, bytes| Load { items, bytes };
        assert_eq!(prepared.dropped, [(Reason::TooLarge, load(1, large.len())), (Reason::Invalid, load(3, 3))]);
    }

    #[test]
    fn what_the_sampler_drops_is_not_processed_and_what_it_keeps_says_the_rate() {
        let records: Vec<Vec<u8>> = (0..100)
            .map(|n| format!(r#"{{"channel":"app","event":"e","session_id":"s{n}","payload":{{}}}}"#).into_bytes())
            .collect();
        let records: Vec<(Form, &[u8])> = records.iter().map(|record| (Form::Json, record.as_slice())).collect();
        let prepared = run(r#"{"sampling":{"rate":0.5}}"#, &records);
        let (kept, dropped) = (prepared.ready.len(), prepared.dropped[0].1.items);
        assert_eq!((kept + dropped, prepared.dropped[0].0), (100, Reason::Sampled));
        assert!((30..70).contains(&kept), "{kept}");
        assert!(prepared.ready.iter().all(|ready| ready.text.contains(r#""sample_rate":0.5"#)));
    }

    #[test]
    fn what_adds_measurements_up_is_not_sampled() {
        let sum = br#"{"schema":"telemetry_metric_v1","name":"jobs","type":"counter","value":7}"#;
        let prepared = run(r#"{"sampling":{"rate":0}}"#, &[(Form::Json, sum), (Form::Sum, sum)]);
        assert_eq!((prepared.ready.len(), prepared.dropped[0].1.items), (1, 1));
        assert!(!prepared.ready[0].text.contains("sample_rate"), "{}", prepared.ready[0].text);
    }

    #[test]
    fn a_checked_record_has_its_outcome_whether_or_not_it_is_sampled() {
        let config = Config::from_json(r#"{"sampling":{"rate":0}}"#).unwrap();
        let (engine, sampler) = (Engine::new(&config).unwrap(), Sampler::new(&config.sampling));
        let pipeline = Pipeline { engine: &engine, sampler: sampler.as_ref(), pressure: 0.0 };
        let json = br#"{"channel":"app","event":"e","payload":{}}"#;
        let (outcome, reason) = pipeline.check(&Captured { form: Form::Json, at: 0, bytes: json }, [0; 10]);
        assert_eq!((outcome.status, reason), (Status::Accepted, Some(Reason::Sampled)));
        let long = vec![b' '; MAX_RECORD_BYTES + 1];
        let (outcome, reason) = pipeline.check(&Captured { form: Form::Json, at: 0, bytes: &long }, [0; 10]);
        assert_eq!((outcome.violations[0].code.as_str(), reason), ("record_too_large", Some(Reason::TooLarge)));
    }
}
