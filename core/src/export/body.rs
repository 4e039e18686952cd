//! Compression of request bodies.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use crate::config::Compression;
use crate::packing;

/// The body as it is sent; level 1 of either, since higher levels cost more CPU than everything before them and save little
/// on telemetry.
pub(crate) fn compress(body: Vec<u8>, compression: Compression) -> io::Result<Vec<u8>> {
    match compression {
        Compression::Gzip => {
            let mut gzip = GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
            gzip.write_all(&body)?;
            gzip.finish()
        }
        Compression::Zstd => packing::pack(&body).ok_or_else(|| io::ErrorKind::Unsupported.into()),
        Compression::None => Ok(body),
    }
}

/// The value of `Content-Encoding`, where there is one.
pub(super) fn content_encoding(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::Gzip => Some("gzip"),
        Compression::Zstd => Some("zstd"),
        Compression::None => None,
    }
}
