//! Whole lines out of a stream, in chunks of bounded size, whatever the stream holds.

use std::io::{self, Read};

/// Bytes read at once: far above the cost of handing a chunk to another thread.
const CHUNK_BYTES: usize = 1 << 20;

/// Of a longer line only so much is kept: more than any record may have, so that the verdict is the same.
const MAX_LINE_BYTES: usize = 1 << 20;

/// What a UTF-8 text may begin with, and which is no part of it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Lines of a stream.
pub(super) struct Lines<R> {
    stream: R,
    /// Read, but not handed out: the beginning of a line.
    rest: Vec<u8>,
    /// Where `rest` begins in the stream.
    offset: u64,
}

/// Lines, each with its newline; only the last chunk of a stream may lack its last one.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    /// Where it begins in the stream.
    pub(super) offset: u64,
    /// Where the next one begins. Farther than `bytes` reach where a line was cut.
    pub(super) end: u64,
}

impl<R: Read> Lines<R> {
    /// Lines of a stream that is `offset` bytes from its beginning; `rest` was read of it already.
    pub(super) fn new(stream: R, offset: u64, rest: Vec<u8>) -> Self {
        Self { stream, rest, offset }
    }

    /// The next lines, or nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Chunk>> {
        let mut bytes = std::mem::take(&mut self.rest);
        let offset = self.offset;
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memrchr(b'\n', &bytes[searched..]) {
                self.rest = bytes.split_off(searched + at + 1);
                return Ok(Some(self.chunk(bytes, offset)));
            }
            searched = bytes.len();
            if bytes.len() >= MAX_LINE_BYTES {
                return self.cut_line(bytes, offset).map(Some);
            }
            let read = match append(&mut self.stream, &mut bytes) {
                Ok(read) => read,
                Err(error) => {
                    // What was read before a stream broke is as good as any.
                    let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
                    self.rest = bytes;
                    self.rest.truncate(whole);
                    return Err(error);
                }
            };
            if read == 0 {
                return Ok((!bytes.is_empty()).then(|| self.chunk(bytes, offset)));
            }
        }
    }

    /// After an error: the whole lines that were read before it.
    pub(super) fn salvage(&mut self) -> Option<Chunk> {
        let bytes = std::mem::take(&mut self.rest);
        let offset = self.offset;
        (!bytes.is_empty()).then(|| self.chunk(bytes, offset))
    }

    fn chunk(&mut self, bytes: Vec<u8>, offset: u64) -> Chunk {
        self.offset = offset + bytes.len() as u64;
        let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) if offset == 0 => text.to_vec(),
            _ => bytes,
        };
        Chunk { bytes, offset, end: self.offset }
    }

    /// Reads to the end of a line that is beyond every limit, and keeps its beginning.
    fn cut_line(&mut self, mut bytes: Vec<u8>, offset: u64) -> io::Result<Chunk> {
        let mut passed = bytes.len() as u64;
        bytes.truncate(MAX_LINE_BYTES);
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let read = match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            let part = &buffer[..read];
            let newline = memchr::memchr(b'\n', part);
            let end = newline.map_or(read, |at| at + 1);
            passed += end as u64;
            if newline.is_some() || read == 0 {
                self.rest = part[end..].to_vec();
                self.offset = offset + passed;
                bytes.push(b'\n');
                return Ok(Chunk { bytes, offset, end: self.offset });
            }
        }
    }
}

/// Reads [`CHUNK_BYTES`], or to the end, behind what is there; how many bytes that were. In as few calls as the stream
/// allows: `read_to_end` begins with small ones, since it does not know that more is to come.
fn append(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let before = bytes.len();
    bytes.resize(before + CHUNK_BYTES, 0);
    let mut end = before;
    let done = loop {
        match stream.read(&mut bytes[end..]) {
            Ok(0) => break Ok(()),
            Ok(read) => end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    bytes.truncate(end);
    done.map(|()| end - before)
}

/// The lines of JSON Lines that are not blank.
pub(super) fn records_of(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b'\n', lines).chain(std::iter::once(lines.len()));
    let mut start = 0;
    ends.filter_map(move |end| {
        let line = lines.get(start..end)?.trim_ascii();
        start = end + 1;
        (!line.is_empty()).then_some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out few bytes at a time, as pipes do.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn all(text: &[u8], step: usize) -> Vec<(Vec<u8>, u64, u64)> {
        let mut lines = Lines::new(Trickle(text, step), 0, Vec::new());
        std::iter::from_fn(|| lines.next().unwrap()).map(|chunk| (chunk.bytes, chunk.offset, chunk.end)).collect()
    }

    #[test]
    fn every_byte_is_in_one_chunk_of_whole_lines() {
        let text: Vec<u8> = (0..300_000u64).flat_map(|i| format!("{}\n", i * i % 7919).into_bytes()).collect();
        for step in [7_001, 1 << 20] {
            let chunks = all(&text, step);
            assert!(chunks.len() > 1);
            assert_eq!(chunks.concat_bytes(), text);
            assert!(chunks.iter().all(|(bytes, ..)| bytes.ends_with(b"\n")));
            assert!(chunks.windows(2).all(|pair| pair[0].2 == pair[1].1));
        }
    }

    trait Concat {
        fn concat_bytes(&self) -> Vec<u8>;
    }

    impl Concat for Vec<(Vec<u8>, u64, u64)> {
        fn concat_bytes(&self) -> Vec<u8> {
            self.iter().flat_map(|(bytes, ..)| bytes.clone()).collect()
        }
    }

    #[test]
    fn of_a_line_beyond_every_limit_the_beginning_is_kept_and_its_neighbours_are_whole() {
        let mut text = b"a\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 5 << 20));
        text.extend(b"\nb\n");
        let chunks = all(&text, 999_983);
        let lines: Vec<u8> = chunks.concat_bytes();
        let lengths: Vec<usize> = lines.split(|byte| *byte == b'\n').map(<[u8]>::len).collect();
        assert_eq!(lengths, [1, MAX_LINE_BYTES, 1, 0]);
        assert_eq!(chunks.last().unwrap().2, text.len() as u64);
    }

    #[test]
    fn a_last_line_may_lack_its_newline_and_a_byte_order_mark_is_no_text() {
        assert_eq!(all(b"\xef\xbb\xbfa\nb", 100), [(b"a\n".to_vec(), 0, 5), (b"b".to_vec(), 5, 6)]);
        assert_eq!(all(b"", 100), []);
    }
}
