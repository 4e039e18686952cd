//! User agents that are too long.

use crate::json::{Document, Kind};
use crate::record::{cut_agent, is_long_agent};
use crate::scrub::{Change, Place, Scrubber, Walk};

/// Writes a user agent that stands beside the record's own fields.
pub(super) fn write_top_agent(scrubber: &Scrubber, walk: &mut Walk<'_>, document: &Document<'_>, value: usize) {
    let node = document.node(value);
    if node.kind == Kind::String && is_long_agent(&document.text(node)) {
        write_agent(scrubber, walk, &document.text(node));
    } else {
        walk.value(value, None, Place::UserAgent);
    }
}

/// Writes a user agent that is too long: scrubbed, then cut, until neither has anything left to do. The other way
/// round, half an e-mail address at the cut would go unseen.
pub(super) fn write_agent(scrubber: &Scrubber, walk: &mut Walk<'_>, agent: &str) {
    /// A cut can uncover something; a text in which it does so again and again was made to.
    const MAX_ROUNDS: usize = 8;
    let mut current = agent.to_owned();
    let mut changes: Vec<Change> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        if let Some(scrubbed) = scrubber.scrub(&current, Place::UserAgent) {
            current = scrubbed.text.into_owned();
            changes.extend(scrubbed.changes.iter());
        } else if is_long_agent(&current) {
            current.truncate(cut_agent(&current));
        } else {
            changes.sort_by_key(|(rule, _)| *rule as usize);
            changes.dedup();
            walk.known_text(&current);
            walk.redacted(&changes);
            return;
        }
    }
    walk.known_text("");
    walk.redacted(&changes);
}
