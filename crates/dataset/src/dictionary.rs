//! Dictionaries of the compressor (`docs/formats/dataset.md`, section 7).

use std::{
    io::BufRead,
    sync::{LazyLock, Mutex, PoisonError},
};

use zstd::{
    bulk::Decompressor,
    dict::{DecoderDictionary, EncoderDictionary},
    stream::{read::Decoder, write::Encoder},
    zstd_safe::{CParameter, find_frame_compressed_size},
};

use crate::columns;

/// No dictionary.
pub(crate) const NONE: u32 = 0;
/// The built-in dictionary of well-known registry names.
pub(crate) const WELL_KNOWN: u32 = 1;

/// Content from which packing must not take long: the export of a large profile is measured against a bare loop that reads it.
/// The dictionary would save a hundredth there and take longer. So would tables of the level's own size, four times as
/// large: these stay in a processor's cache.
const QUICK_FROM: u64 = 512 << 10;
const QUICK_LEVEL: i32 = 3;
const QUICK_HASH_LOG: u32 = 15;
const QUICK_CHAIN_LOG: u32 = 14;
/// Compression level of shorter content, and what is set otherwise than it says. Shorter matches than the level's own pay
/// here, since names are short, and cost less time than the next level: level 7 would save another 3 percent and take half as
/// long again.
const LEVEL: i32 = 5;
const MIN_MATCH: u32 = 4;
const SEARCH_LOG: u32 = 3;

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let lines = include_str!("dictionary-1.txt").lines().filter(|line| !line.starts_with('#'));
    let (mut texts, mut guids) = (Vec::new(), Vec::new());
    for line in lines {
        let units: Vec<u16> = line.encode_utf16().collect();
        columns::pack(&units, &mut texts, &mut guids);
    }
    guids.append(&mut texts);
    guids
});
static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(&BYTES, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(&BYTES));

/// The bytes of a dictionary, for tools that decompress a body by themselves; `None` when there is none of that id.
#[must_use]
pub fn dictionary(id: u32) -> Option<&'static [u8]> {
    (id == WELL_KNOWN).then(|| &BYTES[..])
}

/// A compressor for content of a known length, and the id of the dictionary that it uses.
pub(crate) fn encoder(content_len: u64) -> std::io::Result<(Encoder<'static, Vec<u8>>, u32)> {
    let (mut encoder, id) = if content_len < QUICK_FROM {
        let mut encoder = Encoder::with_prepared_dictionary(Vec::new(), &ENCODER)?;
        encoder.set_parameter(CParameter::MinMatch(MIN_MATCH))?;
        encoder.set_parameter(CParameter::SearchLog(SEARCH_LOG))?;
        (encoder, WELL_KNOWN)
    } else {
        let mut encoder = Encoder::new(Vec::new(), QUICK_LEVEL)?;
        encoder.set_parameter(CParameter::HashLog(QUICK_HASH_LOG))?;
        encoder.set_parameter(CParameter::ChainLog(QUICK_CHAIN_LOG))?;
        (encoder, NONE)
    };
    encoder.set_pledged_src_size(Some(content_len))?;
    encoder.include_checksum(false)?;
    Ok((encoder, id))
}

/// A decompressor of one frame; `None` when the dictionary is not known.
pub(crate) fn decoder<R: BufRead>(from: R, id: u32) -> Option<std::io::Result<Decoder<'static, R>>> {
    let decoder = match id {
        NONE => Decoder::with_buffer(from),
        WELL_KNOWN => Decoder::with_prepared_dictionary(from, &DECODER),
        _ => return None,
    };
    Some(decoder.map(Decoder::single_frame))
}

/// Decompressors that wait for the next content, at most.
const IDLE: usize = 4;
/// Place of the frame header's descriptor, and its bit that says that the window is the content (RFC 8878, section 3.1.1.1).
const DESCRIPTOR: usize = 4;
const SINGLE_SEGMENT: u8 = 1 << 5;

/// Making one takes longer than decompressing what most users have.
static DECOMPRESSORS: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());

/// The content of a body in one piece. `None` where it is to be read piece by piece: it is long or of a kind that no writer
/// makes. Where it is wrong as well, for reading it so tells what is wrong.
pub(crate) fn decompress(body: &[u8], id: u32, content_len: u64) -> Option<Vec<u8>> {
    let is_one_segment = body.get(DESCRIPTOR).is_some_and(|descriptor| descriptor & SINGLE_SEGMENT != 0);
    if id != WELL_KNOWN || content_len >= QUICK_FROM || !is_one_segment {
        return None;
    }
    find_frame_compressed_size(body).ok().filter(|len| *len == body.len())?;
    let len = usize::try_from(content_len).ok()?;
    let idle = || DECOMPRESSORS.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = idle().pop();
    let mut decompressor = match waiting {
        Some(decompressor) => decompressor,
        None => Decompressor::with_prepared_dictionary(&DECODER).ok()?,
    };
    let content = decompressor.decompress(body, len).ok().filter(|content| content.len() == len);
    let mut idle = idle();
    if idle.len() < IDLE {
        idle.push(decompressor);
    }
    content
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write;

    use super::{BYTES, QUICK_FROM, decompress, encoder};

    /// Else every upload would be read piece by piece.
    #[test]
    fn what_a_writer_packs_comes_out_in_one_piece() {
        for len in [10, 100_000, QUICK_FROM - 1] {
            let content: Vec<u8> =
                (0..len).map(|at| u8::try_from(at * at % 251).unwrap_or_default()).collect();
            let (mut packed, id) = encoder(len).unwrap();
            packed.write_all(&content).unwrap();
            assert_eq!(decompress(&packed.finish().unwrap(), id, len), Some(content));
        }
    }

    /// A dictionary that changes makes every file unreadable that was written with it.
    #[test]
    fn has_not_changed() {
        let hash = blake3::hash(&BYTES).to_hex();
        assert_eq!(
            (BYTES.len(), hash.as_str()),
            (22_327, "434c34eba47775ee9b02bb9e3963f040beffcfd1653525a868fe6620396885e8")
        );
    }
}
