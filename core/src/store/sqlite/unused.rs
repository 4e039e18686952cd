//! Unused space within a day's file, which may hold copies of rows that are gone.
//!
//! `secure_delete` zeroes what a deletion frees. What it does not reach are copies that stay behind when rows move to
//! another page: they stand in the gap between a page's pointers and its cells. A gap means nothing to SQLite, whatever
//! its bytes are, so it can be zeroed in place, which costs a hundredth of writing the file anew. A crash on the way
//! leaves some gaps zeroed and others not: a sound file either way.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes of a file's header, which the first page begins with.
const HEADER: usize = 100;
/// SQLite's lock bytes: the page in which they lie is never used, and may not be readable.
const LOCK_BYTES: u64 = 1 << 30;
/// Pages of other kinds begin with a page's number. From this number on its first byte may be that of a b-tree page.
const MAX_PAGES: u64 = 0x0200_0000;
/// Bytes that are read at once; a multiple of every size of a page.
const WINDOW: usize = 1 << 20;

/// Kinds of b-tree pages, by their first byte, with the bytes before their pointers.
const INTERIOR: ([u8; 2], usize) = ([2, 5], 12);
const LEAF: ([u8; 2], usize) = ([10, 13], 8);

/// Zeroes the gaps of every page. Nobody else may write to the file meanwhile, nor have pages of it in a cache from
/// which they would be written again. False where the file is too large to tell its pages apart: nothing is done then.
///
/// # Errors
/// Of reading or writing; `InvalidData` where a page is not as SQLite lays it out.
pub(super) fn zero(file: &mut File) -> io::Result<bool> {
    let mut header = [0; HEADER];
    file.rewind()?;
    match file.read_exact(&mut header) {
        // Not even a header: nothing was ever stored.
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(true),
        read => read?,
    }
    let size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 1 << 16,
        size => usize::from(size),
    };
    if !size.is_power_of_two() || size < 512 {
        return Err(damaged());
    }
    if file.metadata()?.len() / size as u64 >= MAX_PAGES {
        return Ok(false);
    }
    let usable = size - usize::from(header[20]);
    let mut window = vec![0; WINDOW];
    let mut at = 0;
    loop {
        file.seek(SeekFrom::Start(at))?;
        let length = read_up_to(file, &mut window)?;
        for (n, page) in window.get(..length).unwrap_or_default().chunks_exact(size).enumerate() {
            let start = at + (n * size) as u64;
            if (start..start + size as u64).contains(&LOCK_BYTES) {
                continue;
            }
            let begins = if start == 0 { HEADER } else { 0 };
            let Some((from, to)) = gap(page, begins, usable)? else { continue };
            let bytes = page.get(from..to).ok_or_else(damaged)?;
            // From the first byte to the last that is not zero.
            let Some(first) = bytes.iter().position(|byte| *byte != 0) else { continue };
            let last = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(first);
            file.seek(SeekFrom::Start(start + (from + first) as u64))?;
            file.write_all(&vec![0; last + 1 - first])?;
        }
        if length < window.len() {
            return file.sync_data().map(|()| true);
        }
        at += length as u64;
    }
}

/// Reads until the window is full or the file ends.
fn read_up_to(file: &mut File, window: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = window.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(length)
}

/// The gap of a b-tree page; nothing for a page of another kind.
fn gap(page: &[u8], begins: usize, usable: usize) -> io::Result<Option<(usize, usize)>> {
    let Some([kind, _, _, cells_high, cells_low, content_high, content_low, ..]) = page.get(begins..) else {
        return Err(damaged());
    };
    let before = match kind {
        kind if INTERIOR.0.contains(kind) => INTERIOR.1,
        kind if LEAF.0.contains(kind) => LEAF.1,
        _ => return Ok(None),
    };
    let from = begins + before + 2 * usize::from(u16::from_be_bytes([*cells_high, *cells_low]));
    let to = match u16::from_be_bytes([*content_high, *content_low]) {
        // A page of 64 KiB without cells.
        0 => 1 << 16,
        to => usize::from(to),
    };
    if from <= to && to <= usable { Ok(Some((from, to))) } else { Err(damaged()) }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a page is damaged")
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// Rows of many lengths, two thirds of them deleted in an order that moves the rest about.
    fn spoiled(path: &std::path::Path, page_size: u32) {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(&format!(
                "PRAGMA page_size={page_size}; PRAGMA secure_delete=ON;
                 CREATE TABLE t (a INTEGER, b TEXT, PRIMARY KEY (b, a)) STRICT, WITHOUT ROWID;
                 CREATE TABLE u (a INTEGER PRIMARY KEY, b TEXT);
                 CREATE INDEX i ON u (b);
                 WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 6000)
                 INSERT INTO t SELECT n, CASE n % 3 WHEN 0 THEN 'kept' ELSE 'canary' END || hex(zeroblob(n * 37 % 400)) FROM n
                 ORDER BY n * 7919 % 6007;
                 INSERT INTO u (b) SELECT b FROM t ORDER BY a * 31 % 997;
                 DELETE FROM t WHERE b LIKE 'canary%';
                 DELETE FROM u WHERE b LIKE 'canary%';"
            ))
            .unwrap();
    }

    fn has_canary(path: &std::path::Path) -> bool {
        std::fs::read(path).unwrap().windows(6).any(|window| window == b"canary")
    }

    #[test]
    fn copies_of_rows_that_moved_are_gone_and_the_file_is_sound() {
        let mut had_copies = false;
        for page_size in [512, 1_024, 4_096, 65_536] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.db");
            spoiled(&path, page_size);
            had_copies |= has_canary(&path);
            let mut file = File::options().read(true).write(true).open(&path).unwrap();
            assert!(zero(&mut file).unwrap());
            assert!(!has_canary(&path));
            let connection = Connection::open(&path).unwrap();
            let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok");
            for table in ["t", "u"] {
                let rows: i64 =
                    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
                assert_eq!(rows, 2_000);
            }
        }
        assert!(had_copies, "SQLite left none, so nothing was shown");
    }

    #[test]
    fn a_file_that_is_none_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        for (bytes, is_sound) in [(vec![], true), (vec![b'x'; 8_192], false)] {
            std::fs::write(&path, &bytes).unwrap();
            let mut file = File::options().read(true).write(true).open(&path).unwrap();
            assert_eq!(zero(&mut file).is_ok(), is_sound);
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }
}
