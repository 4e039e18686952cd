//! zstd, where it is linked: everywhere but in a library built with feature `lean`, which phones load.

#[cfg(not(feature = "lean"))]
use std::cell::RefCell;

#[cfg(not(feature = "lean"))]
use zstd::bulk::Compressor;

/// Whether bytes can be packed and unpacked here.
#[cfg(feature = "client")]
pub(crate) const IS_LINKED: bool = cfg!(not(feature = "lean"));

/// zstd's fastest regular level: more costs CPU and saves little on JSON (performance.md: 0.53 GB/s at 4.5 times).
#[cfg(not(feature = "lean"))]
const LEVEL: i32 = 1;

/// The packed bytes; nothing where there is no zstd, or no memory for it.
#[cfg(not(feature = "lean"))]
pub(crate) fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        /// Its tables are hundreds of kilobytes, which would be allocated and zeroed for each frame.
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = Compressor::new(LEVEL).ok();
        }
        kept.as_mut()?.compress(bytes).ok()
    })
}

/// The packed bytes: none.
#[cfg(feature = "lean")]
pub(crate) fn pack(_bytes: &[u8]) -> Option<Vec<u8>> {
    None
}

/// What was packed, if it is no more than `most` bytes; nothing where it is not what `pack` wrote.
#[cfg(not(feature = "lean"))]
pub(crate) fn unpack(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    zstd::bulk::decompress(packed, most).ok()
}

/// What was packed: by another program, so it stays shut.
#[cfg(feature = "lean")]
pub(crate) fn unpack(_packed: &[u8], _most: usize) -> Option<Vec<u8>> {
    None
}
