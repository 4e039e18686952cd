//! For benches and fuzzing, behind feature `twin`: the portable version of the scan in place of the vector version, and
//! the two side by side.

use crate::scan::{Block, FORCE_PORTABLE, scan};
use crate::scrub::LANES;

use std::sync::atomic::Ordering;

/// Makes every scan of this process from now on take the portable version, or the fastest again.
pub fn force_portable(is_forced: bool) {
    FORCE_PORTABLE.store(is_forced, Ordering::Relaxed);
}

/// Forgets which structures of records this thread has seen, so that the next takes the ordinary way.
pub fn forget_structures() {
    crate::engine::forget_structures();
}

/// The first block of 64 bytes of `text` for which the two versions disagree. Forces and releases the portable version.
pub fn first_difference(text: &[u8]) -> Option<usize> {
    let blocks = |is_forced| {
        let mut blocks: Vec<Block> = Vec::new();
        force_portable(is_forced);
        scan(text, &LANES, &mut blocks);
        blocks
    };
    let (portable, fastest) = (blocks(true), blocks(false));
    if portable.len() != fastest.len() {
        return Some(portable.len().min(fastest.len()));
    }
    portable.iter().zip(&fastest).position(|(portable, fastest)| portable != fastest)
}

/// The OTLP request in protocol buffers that carries canonical log records, for the bench of the encoder.
#[cfg(feature = "client")]
pub fn otlp_logs(records: &[&str]) -> Vec<u8> {
    use crate::config::OtlpProtocol::HttpProtobuf;
    crate::export::otlp::encode(crate::export::Signal::Logs, HttpProtobuf, "{}", records).body
}

/// Values in the texts, which are read as the encoder reads them.
pub fn read_json(texts: &[&str]) -> usize {
    use crate::json::Document;
    use crate::scan::Lanes;
    let nodes = |text: &str| Document::read(text.as_bytes(), Lanes::none()).map_or(0, |read| read.node(0).next());
    texts.iter().map(|text| nodes(text)).sum()
}

/// A body as the client sends it; `compression` is a word of the configuration.
#[cfg(feature = "client")]
pub fn compressed(body: Vec<u8>, compression: &str) -> Vec<u8> {
    use crate::config::Compression;
    let compression = if compression == "zstd" { Compression::Zstd } else { Compression::Gzip };
    crate::export::compress(body, compression).unwrap_or_default()
}
