use fastrand::Rng;

/// Numbers at which lengths and offsets break.
const EDGES: [u32; 8] = [0, 1, 7, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, 0xFFFF_FFFE, 0xFFFF_FFFF];

/// Up to four small alterations of the kinds that fuzzers make.
pub(crate) fn mutate(rng: &mut Rng, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.usize(1..=4) {
        if bytes.len() < 8 {
            break;
        }
        let at = rng.usize(..bytes.len() - 4);
        match rng.u8(..6) {
            0 | 1 => bytes[at] ^= 1 << rng.u8(..8),
            2 => bytes[at] = rng.u8(..),
            3 => bytes[at..at + 4].copy_from_slice(&EDGES[rng.usize(..EDGES.len())].to_le_bytes()),
            4 => {
                let taken = bytes[at..bytes.len().min(at + rng.usize(1..64))].to_vec();
                let to = rng.usize(..bytes.len() - taken.len());
                bytes[to..to + taken.len()].copy_from_slice(&taken);
            }
            _ => bytes.truncate(bytes.len() - rng.usize(1..bytes.len() / 2)),
        }
    }
    bytes
}
