//! Ids: pseudo-random to look at, and the same for the same seed and order of calls.

/// One step of SplitMix64: spreads any input over all 64 bits.
pub(crate) fn mix(input: u64) -> u64 {
    let mut z = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number that depends on every byte of `text`.
pub(crate) fn hash(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(mix(seed), |state, byte| mix(state ^ u64::from(byte)))
}

/// `vpc-0123456789abcdef0`: a prefix and 17 hexadecimal digits, the first of them 0.
pub(crate) fn resource(prefix: &str, seed: u64, counter: u64) -> String {
    format!("{prefix}-0{:016x}", mix(mix(seed) ^ counter))
}

/// `length` upper-case letters and digits.
pub(crate) fn token(seed: u64, counter: u64, length: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut state = mix(mix(seed) ^ counter);
    (0..length)
        .map(|_| {
            state = mix(state);
            char::from(ALPHABET[(state % 32) as usize])
        })
        .collect()
}

/// A UUID-shaped request id.
pub(crate) fn request(seed: u64, call: u64, now: u64) -> String {
    // Another stream than that of the resource ids.
    let high = mix(mix(!seed) ^ call);
    let low = mix(high ^ now);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// Twelve digits that do not start with 0.
pub(crate) fn account(seed: u64, place: &str) -> String {
    (100_000_000_000 + hash(seed, place) % 900_000_000_000).to_string()
}
