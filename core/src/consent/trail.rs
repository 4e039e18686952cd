//! The audit trail: one line of JSON an entry, appended and never changed.
//!
//! Each line holds the hash of the line before it, and ends with the SHA-256 of itself without that last member. An
//! entry that was edited, inserted or removed breaks the chain there; the state file's copy of the head shows an end
//! that was cut off.
//!
//! Who can write the file can chain it anew. With a key that they have not, they cannot: entries end with an HMAC then,
//! under a name of its own, and each proves all before it. Programs with and without the key share one trail.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::document::Head;
use super::folder;
use crate::config::Purpose;

/// The file's name.
pub(super) const NAME: &str = "consent.jsonl";

/// What the first entry is chained to.
const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Bytes: a hundred thousand changes of mind. A longer file is not read on.
const MAX_TRAIL_BYTES: u64 = 32 << 20;

/// Before the hash or HMAC of an entry; both names are as long.
const SEALS: [(Seal, &str); 2] = [(Seal::Hash, ",\"hash\":\""), (Seal::Hmac, ",\"hmac\":\"")];
/// Bytes of each.
const SEAL_BYTES: usize = 9;

/// How an entry ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seal {
    /// With its SHA-256, which anybody can make.
    Hash,
    /// With its HMAC-SHA-256, which needs the key.
    Hmac,
}

/// The trail's own key.
#[derive(Clone)]
pub(crate) struct TrailKey(Hmac<Sha256>);

impl TrailKey {
    /// Reads 32 bytes of base64; nothing where the text is none.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        let key: [u8; 32] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
        Hmac::new_from_slice(&key).ok().map(Self)
    }

    fn hmac(&self, text: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(text);
        hex(&mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for TrailKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TrailKey")
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// The user agreed.
    Granted,
    /// The user disagreed.
    Withdrawn,
    /// A client erased what it had kept.
    Erased,
    /// An operator turned collection on where no user was asked.
    EnabledByOperator,
    /// The user asked the collector to delete what it has. Who the user is stands elsewhere, until it is done.
    DeletionRequested,
    /// The collector did; the source is the id of its receipt.
    DeletionConfirmed,
}

/// What an entry says, besides its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) event: Event,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) notice_version: Option<String>,
    pub(crate) source: String,
    /// OpenTelemetry's `service.name` of the program that wrote it.
    pub(crate) service: Option<String>,
}

/// An entry without its own hash, which is taken of this text.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    seq: u64,
    at: String,
    #[serde(flatten)]
    said: Said,
    previous: String,
}

/// What a check of the whole trail found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TrailState {
    /// Entries up to the end or the first broken one.
    pub(crate) entries: u64,
    /// Hash of the last of them.
    pub(crate) head: String,
    /// Number of the first entry that is not as it was written.
    pub(crate) broken_at: Option<u64>,
    /// How many of them end with an HMAC.
    pub(crate) keyed: u64,
    /// The last of those, where the key was at hand: it proves itself and all before it. What follows could have been
    /// written by anybody who can write the file.
    pub(crate) proved_up_to: Option<u64>,
}

impl TrailState {
    /// `{"entries":n,"head":…,"broken_at":n|null,"keyed":n,"proved_up_to":n|null}`.
    pub(crate) fn to_json(&self) -> String {
        // Integers and strings always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Appends an entry; the folder's lock is held. Returns the new head.
pub(super) fn append(folder: &Path, at: String, said: Said, key: Option<&TrailKey>) -> io::Result<Head> {
    let mut file = folder::options().read(true).write(true).create(true).truncate(false).open(folder.join(NAME))?;
    let text = text(&file)?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        // The process was killed while it wrote: nobody was told that this entry stands.
        file.set_len(whole as u64)?;
    }
    let last = text[..whole].lines().last();
    let (previous, seq) = match last.map(|line| (line, opened(line))) {
        None => (ORIGIN.to_owned(), 0),
        Some((_, Some((entry, _, hash)))) => (hash.to_owned(), entry.seq),
        // Somebody changed it. The chain goes on behind the damage, which stays to be found.
        Some((line, None)) => (hex(&Sha256::digest(line.as_bytes())), text[..whole].lines().count() as u64),
    };
    let entry = Entry { seq: seq + 1, at, said, previous };
    let open = serde_json::to_string(&entry)?;
    let (name, hash) = match key {
        Some(key) => ("hmac", key.hmac(open.as_bytes())),
        None => ("hash", hex(&Sha256::digest(open.as_bytes()))),
    };
    let closed = format!("{},\"{name}\":\"{hash}\"}}\n", open.trim_end_matches('}'));
    file.seek(SeekFrom::End(0))?;
    file.write_all(closed.as_bytes())?;
    file.sync_all()?;
    folder::sync_folder(folder)?;
    Ok(Head { entries: entry.seq, hash })
}

/// The lines of the trail, as they stand there.
pub(super) fn lines(folder: &Path) -> io::Result<Vec<String>> {
    let file = match folder::options().read(true).open(folder.join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    Ok(text(&file)?.lines().map(str::to_owned).collect())
}

/// Checks every entry, and that the trail reaches as far as the state file saw it. Without the key, of an entry with an
/// HMAC only its place in the chain.
pub(super) fn verify(lines: &[String], seen: &Head, key: Option<&TrailKey>) -> TrailState {
    let mut state = TrailState { entries: 0, head: ORIGIN.to_owned(), broken_at: None, keyed: 0, proved_up_to: None };
    let mut has_seen = seen.entries == 0;
    for line in lines {
        let is_sealed = |seal: Seal, hash: &str| {
            let text = without_hash(line, hash);
            match seal {
                Seal::Hash => hex(&Sha256::digest(text)) == hash,
                // Nobody measures how long this takes.
                Seal::Hmac => key.is_none_or(|key| key.hmac(&text) == hash),
            }
        };
        let sound = opened(line).filter(|(entry, seal, hash)| {
            entry.seq == state.entries + 1 && entry.previous == state.head && is_sealed(*seal, hash)
        });
        let Some((entry, seal, hash)) = sound else {
            state.broken_at = Some(state.entries + 1);
            return state;
        };
        has_seen |= entry.seq == seen.entries && hash == seen.hash;
        state.entries = entry.seq;
        if seal == Seal::Hmac {
            state.keyed += 1;
            state.proved_up_to = key.map(|_| entry.seq);
        }
        hash.clone_into(&mut state.head);
    }
    if !has_seen {
        state.broken_at = Some(seen.entries.min(state.entries + 1));
    }
    state
}

/// What the entries of the trail say, as far as they can be read.
pub(super) fn said(lines: &[String]) -> impl Iterator<Item = Said> {
    lines.iter().filter_map(|line| opened(line)).map(|(entry, ..)| entry.said)
}

/// The entry in a line, how it ends, and its hash or HMAC.
fn opened(line: &str) -> Option<(Entry, Seal, &str)> {
    /// The name before, and `"}` behind 64 digits.
    const TAIL: usize = SEAL_BYTES + 64 + 2;
    let at = line.len().checked_sub(TAIL).filter(|at| line.is_char_boundary(*at))?;
    let (seal, rest) = SEALS.iter().find_map(|(seal, name)| Some((*seal, line[at..].strip_prefix(name)?)))?;
    let hash = rest.strip_suffix("\"}")?;
    let entry = serde_json::from_slice(&without_hash(line, hash)).ok()?;
    Some((entry, seal, hash))
}

fn without_hash(line: &str, hash: &str) -> Vec<u8> {
    let tail = SEAL_BYTES + hash.len() + 2;
    [&line.as_bytes()[..line.len().saturating_sub(tail)], b"}"].concat()
}

fn text(file: &File) -> io::Result<String> {
    if file.metadata()?.len() > MAX_TRAIL_BYTES {
        // Read in part, its end would pass for torn.
        return Err(io::Error::other("the audit trail is too long: keep it elsewhere, and begin another"));
    }
    let mut text = String::new();
    file.take(MAX_TRAIL_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_by(source: &str) -> Said {
        Said {
            event: Event::Granted,
            purposes: vec![Purpose::Analytics],
            notice_version: Some("1".to_owned()),
            source: source.to_owned(),
            service: None,
        }
    }

    fn written(entries: usize) -> (tempfile::TempDir, Head) {
        written_with(entries, None)
    }

    fn key(text: &str) -> TrailKey {
        TrailKey::from_base64(&STANDARD.encode(text.repeat(32))).unwrap()
    }

    fn written_with(entries: usize, key: Option<&TrailKey>) -> (tempfile::TempDir, Head) {
        let folder = tempfile::tempdir().unwrap();
        let mut head = Head::default();
        for n in 0..entries {
            head = append(folder.path(), format!("2026-01-0{}T00:00:00Z", n + 1), said_by(&format!("s{n}}}")), key)
                .unwrap();
        }
        (folder, head)
    }

    #[test]
    fn an_untouched_trail_is_sound_and_says_what_was_said() {
        let (folder, head) = written(3);
        let lines = lines(folder.path()).unwrap();
        let state = verify(&lines, &head, None);
        assert_eq!((state.entries, state.head, state.broken_at), (3, head.hash, None));
        let sources: Vec<String> = said(&lines).map(|said| said.source).collect();
        assert_eq!(sources, ["s0}", "s1}", "s2}"]);
    }

    #[test]
    fn every_changed_byte_breaks_the_chain() {
        let (folder, head) = written(2);
        let text = lines(folder.path()).unwrap().join("\n");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect::<Vec<_>>();
            assert!(verify(&changed, &head, None).broken_at.is_some(), "byte {at}");
        }
    }

    #[test]
    fn a_removed_inserted_or_swapped_entry_breaks_the_chain() {
        let (folder, head) = written(3);
        let lines = lines(folder.path()).unwrap();
        for broken in [vec![0, 2], vec![1, 2], vec![0, 1], vec![], vec![0, 0, 1, 2], vec![1, 0, 2]] {
            let lines: Vec<String> = broken.iter().map(|n| lines[*n].clone()).collect();
            assert!(verify(&lines, &head, None).broken_at.is_some(), "{broken:?}");
        }
    }

    #[test]
    fn a_torn_last_line_is_cut_and_the_chain_goes_on() {
        let (folder, _) = written(2);
        let path = folder.path().join(NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 20]).unwrap();
        let head = append(folder.path(), "2026-01-09T00:00:00Z".to_owned(), said_by("later"), None).unwrap();
        let lines = lines(folder.path()).unwrap();
        assert_eq!((lines.len(), verify(&lines, &head, None).broken_at), (2, None));
    }

    #[test]
    fn who_has_not_the_key_cannot_chain_the_trail_anew() {
        let (folder, head) = written_with(3, Some(&key("k")));
        let lines = lines(folder.path()).unwrap();
        let state = verify(&lines, &head, Some(&key("k")));
        assert_eq!((state.entries, state.broken_at, state.keyed, state.proved_up_to), (3, None, 3, Some(3)));
        assert_eq!(verify(&lines, &head, Some(&key("x"))).broken_at, Some(1), "another key");
        let unproved = verify(&lines, &head, None);
        assert_eq!((unproved.broken_at, unproved.keyed, unproved.proved_up_to), (None, 3, None));
        // A forger who knows the form, and has no key or another one.
        for forgery in [None, Some(&key("x"))] {
            let (folder, head) = written_with(2, forgery);
            let forged = super::lines(folder.path()).unwrap();
            let state = verify(&forged, &head, Some(&key("k")));
            assert!(state.broken_at.is_some() || state.proved_up_to.is_none(), "{state:?}");
        }
    }

    #[test]
    fn an_entry_with_the_key_proves_all_before_it_and_nothing_behind() {
        let (folder, _) = written_with(2, None);
        let said = |name: &str| (format!("2026-02-0{}T00:00:00Z", name.len()), said_by(name));
        for (name, key) in [("a", Some(key("k"))), ("bb", None)] {
            let (at, said) = said(name);
            append(folder.path(), at, said, key.as_ref()).unwrap();
        }
        let lines = lines(folder.path()).unwrap();
        let state = verify(&lines, &Head::default(), Some(&key("k")));
        assert_eq!((state.entries, state.broken_at, state.keyed, state.proved_up_to), (4, None, 1, Some(3)));
        // The second entry is written anew without a flaw: the third, which nobody can make, does not follow it.
        let (other, _) = written_with(1, None);
        append(other.path(), "2026-01-02T00:00:00Z".to_owned(), said_by("forged"), None).unwrap();
        let mut forged = super::lines(other.path()).unwrap();
        forged.extend_from_slice(&lines[2..]);
        assert_eq!(verify(&forged, &Head::default(), Some(&key("k"))).broken_at, Some(3));
    }

    #[test]
    fn a_key_is_32_bytes_of_base64_and_is_not_printed() {
        assert!(TrailKey::from_base64("c2hvcnQ=").is_none() && TrailKey::from_base64("?").is_none());
        assert_eq!(format!("{:?}", key("k")), "TrailKey");
    }
}
