/// The seed of the hashes in logs: bytes `82 EF 4D 88 7A 4E 55 C5` in the order in which the specification prints them.
const SEED: (u32, u32) = (0x7A4E_55C5, 0x82EF_4D88);

/// Marvin32 of a log entry's parts ("Log entries", notes 1 to 3).
pub(super) fn hash(data: &[u8]) -> u64 {
    let (words, tail) = data.as_chunks::<4>();
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(tail.iter().chain(&[0x80])) {
        *to = *from;
    }
    let words = words.iter().chain([&last, &[0; 4]]).map(|&word| u32::from_le_bytes(word));
    let (low, high) = words.fold(SEED, |(low, high), word| mix(low.wrapping_add(word), high));
    u64::from(high) << 32 | u64::from(low)
}

fn mix(mut low: u32, mut high: u32) -> (u32, u32) {
    high ^= low;
    low = low.rotate_left(20).wrapping_add(high);
    high = high.rotate_left(9) ^ low;
    low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}
