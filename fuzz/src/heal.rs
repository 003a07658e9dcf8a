//! Hashes and checksums made right again, so that mutated bytes get past them into the decoders behind.
//!
//! The words are those of Maxim Suhanov's *Windows registry file format specification*.

const SECTOR: usize = 512;
const ENTRY_HEADER: usize = 40;

/// Makes the checksum of a base block right ("Base block").
pub fn base_block(file: &mut [u8]) {
    let Some((sector, _)) = file.split_first_chunk_mut::<SECTOR>() else { return };
    let (words, _) = sector.as_chunks_mut::<4>();
    let Some((checksum, words)) = words.get_mut(..128).and_then(|words| words.split_last_mut()) else {
        return;
    };
    let sum = words.iter().fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    let sum = match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    };
    *checksum = sum.to_le_bytes();
}

/// Makes the checksum of a log's base block and the hashes of its entries right ("Log entries").
pub fn log(file: &mut [u8]) {
    base_block(file);
    let mut at = SECTOR;
    while let Some(entry) = file.get_mut(at..).filter(|entry| entry.starts_with(b"HvLE")) {
        let size = entry.get(4..8).and_then(|size| size.first_chunk().copied()).map_or(0, u32::from_le_bytes);
        let size = size as usize;
        let Some(body) = entry.get(ENTRY_HEADER..size) else { return };
        let hash = marvin(body);
        entry[24..32].copy_from_slice(&hash.to_le_bytes());
        let hash = marvin(&entry[..32]);
        entry[32..40].copy_from_slice(&hash.to_le_bytes());
        at += size.next_multiple_of(SECTOR);
    }
}

/// Marvin32 with the seed that Windows uses for log entries ("Log entries", notes).
#[must_use]
pub fn marvin(data: &[u8]) -> u64 {
    let (mut low, mut high) = (0x7A4E_55C5_u32, 0x82EF_4D88_u32);
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(4) + 4, 0);
    for word in padded.as_chunks::<4>().0 {
        low = low.wrapping_add(u32::from_le_bytes(*word));
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
    }
    u64::from(high) << 32 | u64::from(low)
}
