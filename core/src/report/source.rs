//! Archives one after the other, as chunks of whole lines: opened, unpacked, and continued where the last run ended.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::foreign::reason_of;
use super::lines::{Chunk, Lines, records_of};
use super::state::{Identity, Memory, Seen};
use crate::json::Document;
use crate::scan::Lanes;

/// Of an archive's beginning so much tells it from others.
const HEAD_BYTES: usize = 4 << 10;

/// How the names of the router's dead letters begin; their records were never accepted.
const DEAD_LETTERS: &str = "_rejected";

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Memory for unpacking, as a power of two: 32 MiB. `zstd --long` asks for more, and could for 2 GiB.
const MAX_ZSTD_WINDOW: u32 = 25;

/// An archive that could not be read to its end, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unreadable {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// Lines of one archive.
pub(super) struct Piece {
    pub(super) archive: Arc<str>,
    pub(super) bytes: Vec<u8>,
    /// Where they begin in the archive, unpacked.
    pub(super) offset: u64,
}

/// All archives of a run. What it has handed out is taken as read.
pub(super) struct Source {
    archives: VecDeque<PathBuf>,
    open: Option<Open>,
    memory: Memory,
    /// Bytes read of files, as they are on disk.
    read: Arc<AtomicU64>,
    unreadable: Vec<Unreadable>,
    pub(super) tally: Tally,
}

/// What was met beside records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Archives that had something new.
    pub(super) archives: u64,
    /// Archives that were as the last run left them.
    pub(super) unchanged: u64,
    /// Last lines that a writer had not finished; the next run reads them.
    pub(super) torn: u64,
    /// Lines of the router's dead letters.
    pub(super) dead_letters: u64,
}

struct Open {
    name: Arc<str>,
    lines: Lines<Box<dyn Read + Send>>,
    /// What is remembered of it from now on; nothing of standard input.
    seen: Option<Seen>,
    head: Vec<u8>,
    is_dead_letters: bool,
    has_news: bool,
}

/// Counts what passes.
struct Counting<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Source {
    /// The archives from their beginnings.
    #[cfg_attr(not(feature = "arrow"), allow(dead_code, reason = "what hosts' data frames read"))]
    pub(super) fn of_all(archives: Vec<PathBuf>, read: Arc<AtomicU64>) -> Self {
        Self::new(archives, Memory::default(), read)
    }

    /// What `memory` has not seen of the archives. `-` is standard input.
    pub(super) fn new(archives: Vec<PathBuf>, memory: Memory, read: Arc<AtomicU64>) -> Self {
        let archives = archives.into();
        Self { archives, open: None, memory, read, unreadable: Vec::new(), tally: Tally::default() }
    }

    /// The next lines; nothing at the end of the last archive. One that cannot be read costs no other.
    pub(super) fn next(&mut self) -> Option<Piece> {
        loop {
            let Some(mut open) = self.open.take() else {
                let path = self.archives.pop_front()?;
                match self.begin(&path) {
                    Ok(open) => self.open = open,
                    Err(error) => self.complain(&path.to_string_lossy(), &error),
                }
                continue;
            };
            let chunk = match open.lines.next() {
                Ok(Some(chunk)) => chunk,
                Ok(None) => {
                    self.end(open, true);
                    continue;
                }
                Err(error) => {
                    self.complain(&open.name, &error);
                    let salvaged = open.lines.salvage();
                    let piece = salvaged.and_then(|chunk| self.piece(&mut open, chunk));
                    self.end(open, false);
                    match piece {
                        Some(piece) => return Some(piece),
                        None => continue,
                    }
                }
            };
            let piece = self.piece(&mut open, chunk);
            self.open = Some(open);
            if piece.is_some() {
                return piece;
            }
        }
    }

    /// What could not be read since the last time.
    pub(super) fn take_unreadable(&mut self) -> Vec<Unreadable> {
        std::mem::take(&mut self.unreadable)
    }

    /// What is known of archives after this.
    pub(super) fn into_memory(self) -> Memory {
        self.memory
    }

    /// Opens an archive; nothing where it has nothing new.
    fn begin(&mut self, path: &Path) -> io::Result<Option<Open>> {
        let name: Arc<str> = path.to_string_lossy().into();
        if &*name == STANDARD_INPUT {
            let stream = Counting { inner: io::stdin(), read: Arc::clone(&self.read) };
            let (mut stream, _) = unpacked(stream)?;
            let head = head_of(&mut stream)?;
            let lines = Lines::new(stream, 0, head.clone());
            return Ok(Some(Open { name, lines, seen: None, head, is_dead_letters: false, has_news: false }));
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder"));
        }
        let identity = Identity::of(&name, &metadata);
        let counting = Counting { inner: file.try_clone()?, read: Arc::clone(&self.read) };
        let (mut stream, packed) = unpacked(counting)?;
        let head = head_of(&mut stream)?;
        let is_dead_letters =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(DEAD_LETTERS.as_bytes()));
        let before = self.memory.take(&identity, |bytes| digest(&head, bytes));
        let mut seen = Seen { identity, ..before.clone().unwrap_or_default() };
        let Some(before) = before.filter(|seen| seen.offset > 0) else {
            let lines = Lines::new(stream, 0, head.clone());
            return Ok(Some(Open { name, lines, seen: Some(seen), head, is_dead_letters, has_news: false }));
        };
        if before.complete && before.identity.size == seen.identity.size {
            self.read.fetch_add(seen.identity.size, Ordering::Relaxed);
            self.tally.unchanged += 1;
            self.memory.put(seen);
            return Ok(None);
        }
        seen.complete = false;
        let (offset, read) = (before.offset, head.len() as u64);
        let lines = if !packed && seen.identity.size >= offset {
            file.seek(SeekFrom::Start(offset))?;
            self.read.fetch_add(offset, Ordering::Relaxed);
            let stream = Counting { inner: file, read: Arc::clone(&self.read) };
            Lines::new(Box::new(stream) as Box<dyn Read + Send>, offset, Vec::new())
        } else {
            let passed = io::copy(&mut (&mut stream).take(offset.saturating_sub(read)), &mut io::sink());
            if passed.as_ref().map_or(true, |passed| read + passed < offset) {
                // What was read of it stays read, in case it comes back as it was.
                self.memory.put(before);
                passed?;
                let message = "is shorter than when it was read; only a rebuild can tell what is missing";
                return Err(io::Error::other(message));
            }
            let rest = usize::try_from(offset).ok().and_then(|offset| head.get(offset..)).unwrap_or_default().to_vec();
            Lines::new(stream, offset, rest)
        };
        Ok(Some(Open { name, lines, seen: Some(seen), head, is_dead_letters, has_news: false }))
    }

    /// The records of a chunk; nothing where it has none that count.
    fn piece(&mut self, open: &mut Open, chunk: Chunk) -> Option<Piece> {
        let Chunk { bytes, offset, end } = chunk;
        // Standard input has no next run: what is cut short there is a bad line like any other.
        if open.seen.is_some() && !bytes.ends_with(b"\n") && !is_finished(&bytes) {
            self.tally.torn += 1;
            return None;
        }
        open.has_news = true;
        if let Some(seen) = &mut open.seen {
            seen.offset = end;
        }
        if open.is_dead_letters {
            self.tally.dead_letters += records_of(&bytes).count() as u64;
            return None;
        }
        Some(Piece { archive: Arc::clone(&open.name), bytes, offset })
    }

    fn end(&mut self, open: Open, complete: bool) {
        if complete && open.has_news {
            self.tally.archives += u64::from(!open.is_dead_letters);
        } else if complete {
            self.tally.unchanged += 1;
        }
        if let Some(mut seen) = open.seen {
            seen.complete = complete;
            seen.head_bytes = open.head.len().min(usize::try_from(seen.offset).unwrap_or(usize::MAX));
            seen.head_sha256 = digest(&open.head, seen.head_bytes).unwrap_or_default();
            self.memory.put(seen);
        }
    }

    fn complain(&mut self, path: &str, error: &io::Error) {
        self.unreadable.push(Unreadable { path: path.to_owned(), reason: reason(error) });
    }
}

/// Whether a last line without its newline is nevertheless all there.
fn is_finished(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty() || Document::read(line, Lanes::none()).is_ok()
}

/// What failed, in the system's words.
pub(super) fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return "ends in the middle of its compressed data".to_owned();
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// The digest of the first `bytes`, in hex; nothing where there are not so many.
fn digest(head: &[u8], bytes: usize) -> Option<String> {
    Some(hex(&Sha256::digest(head.get(..bytes)?)))
}

/// Bytes as hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    digits.map(char::from).collect()
}

fn head_of(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    stream.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    match reason_of(&head) {
        Some(reason) => Err(io::Error::new(io::ErrorKind::InvalidData, reason)),
        None => Ok(head),
    }
}

/// The text of a stream that may be packed, and whether it is: its first bytes say so, whatever its name.
fn unpacked<R: Read + Send + 'static>(mut stream: R) -> io::Result<(Box<dyn Read + Send>, bool)> {
    const GZIP: &[u8] = b"\x1f\x8b";
    const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
    let mut magic = Vec::with_capacity(ZSTD.len());
    (&mut stream).take(ZSTD.len() as u64).read_to_end(&mut magic)?;
    let (is_gzip, is_zstd) = (magic.starts_with(GZIP), magic == ZSTD);
    let stream = io::Cursor::new(magic).chain(stream);
    Ok(if is_gzip {
        (Box::new(flate2::read::MultiGzDecoder::new(stream)), true)
    } else if is_zstd {
        let mut decoder = zstd::Decoder::new(stream)?;
        decoder.window_log_max(MAX_ZSTD_WINDOW)?;
        (Box::new(decoder), true)
    } else {
        (Box::new(stream), false)
    })
}
