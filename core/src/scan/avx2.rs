//! The vector version: 32 bytes at a time, each class looked up by shuffles of its nibbles (Langdale and Lemire,
//! "Parsing Gigabytes of JSON per Second", 3.1.2). The one module with vector instructions.

#![allow(unsafe_code, reason = "vector instructions behind a check that the machine has them")]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_load_si256, _mm256_loadu_si256,
    _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::lanes::{Nibbles, is_base64};
use super::{BLOCK, Block, EDGE, HIDDEN_BITS, Lanes, OFFSETS, Runs, WINDOW, edge_window};

/// Fills `blocks`; `false`, and nothing done, where the machine has no such instructions.
pub(super) fn scan(text: &[u8], lanes: &Lanes, blocks: &mut Vec<Block>) -> bool {
    if !std::arch::is_x86_feature_detected!("avx2") {
        return false;
    }
    // SAFETY: the machine has AVX2.
    unsafe { scan_all(text, lanes, blocks) };
    true
}

/// Base64's alphabets by nibbles: each row of sixteen bytes has a bit, and each low nibble the rows that it is in.
const ROWS: [u8; 16] = [0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0];
static BASE64_HIGH: Nibbles = Nibbles::new(ROWS);
static BASE64_LOW: Nibbles = Nibbles::new({
    let (mut low, mut byte) = ([0; 16], 0);
    while byte < 128 {
        if is_base64(byte) {
            low[(byte & 15) as usize] |= ROWS[(byte >> 4) as usize];
        }
        byte += 1;
    }
    low
});

#[target_feature(enable = "avx2")]
fn scan_all(text: &[u8], lanes: &Lanes, blocks: &mut Vec<Block>) {
    let mut runs = Runs::default();
    let mut from = 0;
    while from < text.len() {
        // The first and the last block have no neighbours in the text.
        let inner = from.checked_sub(1).and_then(|before| text[before..].first_chunk());
        blocks.push(match inner {
            Some(window) => block(window, lanes, &mut runs),
            None => block(&edge_window(text, from), lanes, &mut runs),
        });
        from += BLOCK;
    }
}

#[target_feature(enable = "avx2")]
#[inline]
fn block(window: &[u8; WINDOW], lanes: &Lanes, runs: &mut Runs) -> Block {
    let left = half(window, 0, lanes);
    let right = half(window, BLOCK / 2, lanes);
    Block {
        stops: join(left.stops, right.stops),
        hot: join(left.hot, right.hot),
        hidden: join(left.hidden, right.hidden),
        long: runs.next(join(left.base64, right.base64)),
    }
}

#[inline]
const fn join(left: u32, right: u32) -> u64 {
    left as u64 | (right as u64) << 32
}

/// The one control character of ASCII that is no small number.
const DELETE: u8 = 0x7f;

/// The bits of 32 bytes.
struct Half {
    stops: u32,
    hot: u32,
    hidden: u32,
    base64: u32,
}

#[target_feature(enable = "avx2")]
#[inline]
fn half(window: &[u8; WINDOW], from: usize, lanes: &Lanes) -> Half {
    let (before, at) = (load(window, from), load(window, from + 1));
    let (after, after2) = (load(window, from + 2), load(window, from + 3));
    let around = [nibbles(before), nibbles(at), nibbles(after), nibbles(after2)];
    let first = held(&around, lanes, 0);
    let second = held(&around, lanes, 1);
    let zero = _mm256_setzero_si256();
    let detectors = _mm256_and_si256(second, _mm256_set1_epi8((!HIDDEN_BITS).cast_signed()));
    let cold = _mm256_cmpeq_epi8(_mm256_or_si256(first, detectors), zero);
    let control = _mm256_cmpeq_epi8(_mm256_min_epu8(at, _mm256_set1_epi8(0x1f)), at);
    let escape = _mm256_or_si256(is(at, b'\\'), control);
    let stops = _mm256_or_si256(is(at, b'"'), escape);
    let odd = _mm256_or_si256(_mm256_or_si256(at, is(at, DELETE)), escape);
    // A mask takes the sign bit: that of bytes beyond ASCII, of the last lane, and of the lane before, moved up.
    let hidden = _mm256_or_si256(_mm256_or_si256(second, _mm256_add_epi8(second, second)), odd);
    let (low, high) = around[1];
    let base64 =
        _mm256_and_si256(_mm256_shuffle_epi8(table(&BASE64_LOW), low), _mm256_shuffle_epi8(table(&BASE64_HIGH), high));
    Half { stops: mask(stops), hot: !mask(cold), hidden: mask(hidden), base64: !mask(_mm256_cmpeq_epi8(base64, zero)) }
}

/// The lanes of `set` that hold each byte.
#[target_feature(enable = "avx2")]
#[inline]
fn held(around: &[(__m256i, __m256i); OFFSETS], lanes: &Lanes, set: usize) -> __m256i {
    let (low, high) = (&lanes.low[set], &lanes.high[set]);
    let mut held = of_nibbles(around[0], &low[0], &high[0]);
    for offset in 1..OFFSETS {
        held = _mm256_and_si256(held, of_nibbles(around[offset], &low[offset], &high[offset]));
    }
    held
}

#[target_feature(enable = "avx2")]
#[inline]
fn of_nibbles(nibbles: (__m256i, __m256i), low: &Nibbles, high: &Nibbles) -> __m256i {
    _mm256_and_si256(_mm256_shuffle_epi8(table(low), nibbles.0), _mm256_shuffle_epi8(table(high), nibbles.1))
}

#[target_feature(enable = "avx2")]
#[inline]
fn nibbles(bytes: __m256i) -> (__m256i, __m256i) {
    let nibble = _mm256_set1_epi8(0x0f);
    (_mm256_and_si256(bytes, nibble), _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble))
}

#[target_feature(enable = "avx2")]
#[inline]
fn is(bytes: __m256i, byte: u8) -> __m256i {
    _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte.cast_signed()))
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(window: &[u8; WINDOW], from: usize) -> __m256i {
    let bytes: &[u8; 32] = window[from..].first_chunk().unwrap_or(&[EDGE; 32]);
    // SAFETY: an unaligned load of 32 bytes from an array of 32.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn table(of: &Nibbles) -> __m256i {
    // SAFETY: a load of 32 bytes from an array of 32 that is aligned to as many.
    unsafe { _mm256_load_si256(of.0.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn mask(bytes: __m256i) -> u32 {
    // Opaque, or the compiler joins two masks byte by byte: 400 instructions a block instead of 150.
    std::hint::black_box(_mm256_movemask_epi8(bytes)).cast_unsigned()
}
