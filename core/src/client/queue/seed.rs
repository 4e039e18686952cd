//! Random bits for ids, without a call of the system for each.

/// Random bits of a record's stamp.
pub(crate) type Bits = [u8; 10];

/// Makes the random bits of all stamps of a queue from its own, drawn once: whoever looks at a waiting record sees the id
/// under which it is sent. Enough that no two are alike; nobody is kept from guessing them.
#[derive(Clone, Copy)]
pub(super) struct Seed([u64; 2]);

impl Seed {
    pub(super) fn draw() -> Self {
        // Only on a machine without a random source; ids then fall back to their millisecond and place.
        Self([getrandom::u64().unwrap_or(0), getrandom::u64().unwrap_or(0)])
    }

    /// Of the record at byte `at` of the chunk that began with capture `seq`.
    pub(super) fn bits(self, seq: u64, at: usize) -> Bits {
        let [a, b] = self.0;
        let first = mix(a ^ mix(seq));
        let second = mix(b ^ first ^ mix(at as u64));
        let mut bits = [0; 10];
        bits[..8].copy_from_slice(&mix(first ^ second).to_le_bytes());
        bits[8..].copy_from_slice(&second.to_le_bytes()[..2]);
        bits
    }
}

/// Each number to another, with no pattern left (Steele et al., `SplitMix64`).
const fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
