//! Bodies compressed with zstd, which Node has no decoder for before version 22.

use std::io::Read;

use crate::error::{Error, ErrorKind, Result};

/// The largest window that a body may ask for, as a power of two: 8 MiB, which RFC 9659 asks every decoder of HTTP
/// content to have, and no encoder to exceed.
const WINDOW_LOG: u32 = 23;

/// The body without its compression; nothing where that has more than `limit` bytes.
///
/// # Errors
/// `batch_unreadable` where it is not zstd.
pub(crate) fn inflate_zstd(body: &[u8], limit: usize) -> Result<Option<Vec<u8>>> {
    let unreadable = |_| Error::new(ErrorKind::BatchUnreadable, "", "the body is not valid zstd");
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(unreadable)?;
    decoder.window_log_max(WINDOW_LOG).map_err(unreadable)?;
    let mut inflated = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut inflated).map_err(unreadable)?;
    Ok((inflated.len() <= limit).then_some(inflated))
}
