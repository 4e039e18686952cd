//! The engine's ways for records that a host captured value by value.

use super::Engine;
use super::fast::Fast;
use crate::capture::json_of;
use crate::contain::contain;
use crate::outcome::Outcome;
use crate::stamp::Stamp;

impl Engine {
    /// [`process`](Self::process) of a record that a host wrote value by value.
    pub(crate) fn process_captured(&self, record: &[u8], stamp: Option<&Stamp>) -> Outcome {
        stamp.and_then(|stamp| self.captured(record, stamp)).unwrap_or_else(|| self.process_text_of(record, stamp))
    }

    /// The same by way of the record's text.
    pub(crate) fn process_text_of(&self, record: &[u8], stamp: Option<&Stamp>) -> Outcome {
        // Nothing is the one honest text of what no host can have meant.
        self.process(&json_of(record).unwrap_or_default(), stamp)
    }

    /// The outcome of a captured record without its text; nothing where it takes that.
    pub(crate) fn captured(&self, record: &[u8], stamp: &Stamp) -> Option<Outcome> {
        if !self.may_be_fast {
            return None;
        }
        let processed = contain(|| {
            let mut fast = Fast::of(&self.scrubber);
            let outcome = fast.process_captured(self, record, stamp);
            fast.give_back();
            outcome
        });
        processed.flatten()
    }

    /// Adds the line of a captured record that is accepted without its text, newline included, to `lines`; whether it did.
    #[cfg(any(test, feature = "client"))]
    pub(crate) fn add_captured_line(&self, record: &[u8], stamp: &Stamp, lines: &mut Vec<u8>) -> bool {
        if !self.may_be_fast {
            return false;
        }
        let before = lines.len();
        let added = contain(|| {
            let mut fast = Fast::of(&self.scrubber);
            let is_added = fast.add_line(self, record, stamp, lines);
            fast.give_back();
            is_added
        });
        if added.is_none() {
            lines.truncate(before);
        }
        added.unwrap_or_default()
    }
}
