//! Each line of an archive with its outcome, and what stands behind a line that a kill cut short.
//!
//! Processes that share an archive append a line each by one call. One that is killed in that call leaves a part of its line,
//! without a newline, and the next line of another process is joined to it. That other one was told that its line is kept,
//! so it must not share the fate of the part before it.

use super::lines::records_of;
use crate::engine::{CANONICAL_HEAD, Engine};
use crate::outcome::{Code, Outcome};

/// Beginnings that are tried in one line: a record may hold objects that begin so too, and each is read to its end.
const MOST_TRIED: usize = 8;

/// The lines of JSON Lines that are not blank, each with what `engine` says of it.
pub(super) fn outcomes_of<'a>(engine: &'a Engine, lines: &'a [u8]) -> impl Iterator<Item = (&'a [u8], Outcome)> {
    let (mut lines, mut joined) = (records_of(lines), None);
    std::iter::from_fn(move || {
        joined.take().or_else(|| {
            let line = lines.next()?;
            let outcome = engine.process(line, None);
            if is_readable(&outcome) {
                return Some((line, outcome));
            }
            joined = last_record(engine, line);
            let joined_len = joined.as_ref().map_or(0, |(record, _): &(&[u8], Outcome)| record.len());
            Some((&line[..line.len() - joined_len], outcome))
        })
    })
}

/// The whole record at the end of a `line` that is not readable as a whole.
fn last_record<'a>(engine: &Engine, line: &'a [u8]) -> Option<(&'a [u8], Outcome)> {
    // Within a string its quotes would be escaped.
    let heads = memchr::memmem::find_iter(line.get(1..)?, CANONICAL_HEAD).take(MOST_TRIED);
    let mut ends = heads.filter_map(|at| line.get(1 + at..));
    ends.find_map(|end| Some((end, engine.process(end, None))).filter(|(_, outcome)| is_readable(outcome)))
}

fn is_readable(outcome: &Outcome) -> bool {
    outcome.violations.first().is_none_or(|violation| violation.code != Code::JsonInvalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::outcome::Status;

    fn outcomes(lines: &str) -> Vec<(String, Status)> {
        let engine = Engine::new(&Config::default()).unwrap();
        let found = outcomes_of(&engine, lines.as_bytes());
        found.map(|(line, outcome)| (String::from_utf8(line.to_vec()).unwrap(), outcome.status)).collect()
    }

    fn record(event: &str) -> String {
        format!(
            r#"{{"schema":"telemetry_event_v1","id":"0190a000-0000-7000-8000-000000000001","timestamp":"2026-01-01T00:00:00Z","channel":"a","event":"{event}","payload":{{"of":{{"schema":"x"}}}}}}"#
        )
    }

    #[test]
    fn a_record_behind_a_torn_line_counts_and_the_torn_line_does_not() {
        let (one, two) = (record("one"), record("two"));
        // Cut within a name, behind an object that begins like a record, and twice in a row.
        for cut in [5, one.len() - 1, one.len() - 2] {
            for torn in [one[..cut].to_owned(), one[..cut].repeat(2)] {
                let found = outcomes(&format!("{one}\n{torn}{two}\n{one}\n"));
                let expected = [
                    (one.clone(), Status::Accepted),
                    (torn, Status::Rejected),
                    (two.clone(), Status::Accepted),
                    (one.clone(), Status::Accepted),
                ];
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn a_line_that_is_no_record_is_one_rejected_line_whatever_it_holds() {
        let heads = r#"{"schema":""#.repeat(1_000);
        let lines = ["nothing", &record("one")[..60], &heads, r#"x{"schema":"a"}y"#];
        for line in lines {
            assert_eq!(outcomes(line), [(line.to_owned(), Status::Rejected)], "{line}");
        }
    }
}
