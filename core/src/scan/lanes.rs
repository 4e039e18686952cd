//! Lanes as tables: for vectors by nibbles, for the portable version by bytes.

use std::sync::LazyLock;

use super::{Bytes, EDGE, OFFSETS, SETS};

/// Lanes of all sets, and the bits of all of them.
pub(super) const LANES: usize = 8 * SETS;
pub(super) const ALL: u64 = (1 << LANES) - 1;

/// Compiled lanes.
pub(crate) struct Lanes {
    /// For each set and offset, the lanes whose class has a byte with this low, and this high nibble.
    #[cfg(target_arch = "x86_64")]
    pub(super) low: [[Nibbles; OFFSETS]; SETS],
    #[cfg(target_arch = "x86_64")]
    pub(super) high: [[Nibbles; OFFSETS]; SETS],
    /// By byte, the lanes that do not hold it: those at the first offset in the lowest bits, the last in the highest.
    pub(super) missing: [u64; 256],
}

/// What each value of a nibble brings, twice, as the halves of a vector register want it.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(super) struct Nibbles(pub(super) [u8; 32]);

#[cfg(target_arch = "x86_64")]
impl Nibbles {
    pub(super) const fn new(once: [u8; 16]) -> Self {
        let (mut twice, mut i) = ([0; 32], 0);
        while i < twice.len() {
            twice[i] = once[i % once.len()];
            i += 1;
        }
        Self(twice)
    }
}

pub(super) const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'/' | b'_')
}

impl Lanes {
    /// No lanes: for readers that only want JSON.
    pub(crate) fn none() -> &'static Self {
        static NONE: LazyLock<Lanes> = LazyLock::new(|| Lanes::new(std::iter::empty()));
        &NONE
    }

    /// Compiles `(lane, classes)`: several of one lane make it hold what any of them holds, and more.
    pub(crate) fn new(of: impl Iterator<Item = (usize, [Bytes; OFFSETS])>) -> Self {
        let (mut low, mut high) = ([[[0; 16]; OFFSETS]; SETS], [[[0; 16]; OFFSETS]; SETS]);
        for (lane, classes) in of {
            let (set, bit) = (lane / 8, 1 << (lane % 8));
            for (offset, class) in classes.iter().enumerate() {
                for byte in 0..=u8::MAX {
                    // A string of a document ends at its quote, a text of its own at its edge: a lane treats both alike.
                    if class[usize::from(byte)] || byte == b'"' && class[usize::from(EDGE)] {
                        low[set][offset][usize::from(byte & 15)] |= bit;
                        high[set][offset][usize::from(byte >> 4)] |= bit;
                    }
                }
            }
        }
        let mut missing = [0; 256];
        for byte in 0..=u8::MAX {
            let held = |set: usize, offset: usize| {
                low[set][offset][usize::from(byte & 15)] & high[set][offset][usize::from(byte >> 4)]
            };
            for offset in 0..OFFSETS {
                let held = u64::from(u16::from_le_bytes([held(0, offset), held(1, offset)]));
                missing[usize::from(byte)] |= (held ^ ALL) << (LANES * offset);
            }
        }
        #[cfg(target_arch = "x86_64")]
        let nibbles = |of: [[[u8; 16]; OFFSETS]; SETS]| of.map(|set| set.map(Nibbles::new));
        Self {
            #[cfg(target_arch = "x86_64")]
            low: nibbles(low),
            #[cfg(target_arch = "x86_64")]
            high: nibbles(high),
            missing,
        }
    }
}
