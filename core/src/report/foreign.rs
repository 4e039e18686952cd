//! Archives that are no JSON Lines at all, as their first bytes tell: to be named at once, rather than counted as so many
//! rejected lines.

/// Where a tar archive says that it is one (POSIX.1-1988).
const TAR_MARK_AT: usize = 257;

/// What files begin with that are of another form, and what to do about them.
const FORMS: [(&[u8], &str); 8] = [
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    // Without a mark: the first sign of a record, as two bytes.
    (b"{\0", UTF_16),
    (b"\0{", UTF_16),
    (b"BZh", "is packed with bzip2, and only gzip and zstd are read: unpack it, as with `bzip2 -d`"),
    (b"\xfd7zXZ\0", "is packed with xz, and only gzip and zstd are read: unpack it, as with `xz -d`"),
    (b"PK\x03\x04", "is a zip archive, and only gzip and zstd are read: unpack it, as with `unzip`"),
    (b"PAR1", "is Parquet, and only JSON Lines are read"),
];
const UTF_16: &str = "is UTF-16 and must be UTF-8: convert it with `iconv -f UTF-16 -t UTF-8`";

/// Why an archive that begins with `head`, unpacked, cannot be read; nothing where it can be tried.
pub(super) fn reason_of(head: &[u8]) -> Option<&'static str> {
    let is_tar = head.get(TAR_MARK_AT..).is_some_and(|mark| mark.starts_with(b"ustar"));
    if is_tar {
        return Some("is a tar archive: unpack it, as with `tar -x`");
    }
    FORMS.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, reason)| *reason)
}
