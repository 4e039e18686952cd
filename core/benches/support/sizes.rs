//! Records of other sizes: 60 KB of what the small ones have, and the worst that one can be sent.

use serde_json::json;

use super::hostile::{WORST, Worst};

/// Bytes of a large record: the limit of 64 KiB, less room for the envelope.
const LARGE_BYTES: usize = 60_000;
/// Bytes of a small one, about.
const SMALL_BYTES: std::ops::RangeInclusive<usize> = 550..=650;

/// Those of `events` with some 600 bytes.
pub(crate) fn small(events: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    events.iter().filter(|event| SMALL_BYTES.contains(&event.len())).collect()
}

/// The same content in records of 60 KB: contexts and payloads in one payload's array.
pub(crate) fn large(small: &[&Vec<u8>]) -> Vec<Vec<u8>> {
    let (mut records, mut items) = (Vec::new(), String::new());
    for event in small {
        let text = std::str::from_utf8(event).unwrap();
        let content = &text[text.find(r#""context""#).unwrap()..];
        if items.len() + content.len() > LARGE_BYTES {
            records.push(event_of(&format!("[{}]", std::mem::take(&mut items))));
        }
        if !items.is_empty() {
            items.push(',');
        }
        items.push('{');
        items.push_str(content);
    }
    records
}

/// One event of 60 KB for each attack, with its name. What grows by its escapes is made shorter.
pub(crate) fn hostile() -> Vec<(String, Vec<u8>)> {
    let attacks = WORST.iter().flat_map(|(aim, attacks)| attacks.iter().map(move |attack| (aim, attack)));
    attacks.map(|(aim, attack)| (format!("{aim}: {}", attack.name()), event_with(attack))).collect()
}

fn event_with(attack: &Worst) -> Vec<u8> {
    let mut bytes = LARGE_BYTES;
    loop {
        let text = attack.text(bytes);
        let event = event_of(&if attack.is_document() { text } else { json!(text).to_string() });
        if event.len() <= LARGE_BYTES + LARGE_BYTES / 20 {
            return event;
        }
        bytes = bytes * LARGE_BYTES / event.len();
    }
}

fn event_of(content: &str) -> Vec<u8> {
    format!(
        r#"{{"timestamp":"2026-03-01T10:00:00Z","channel":"web","event":"click","payload":{{"content":{content}}}}}"#
    )
    .into_bytes()
}
