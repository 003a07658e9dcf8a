//! Dictionaries of the compressor (`docs/formats/dataset.md`, section 7).

use std::{io::BufRead, sync::LazyLock};

use zstd::{
    dict::{DecoderDictionary, EncoderDictionary},
    stream::{read::Decoder, write::Encoder},
    zstd_safe::CParameter,
};

use crate::columns;

/// No dictionary.
pub(crate) const NONE: u32 = 0;
/// The built-in dictionary of well-known registry names.
pub(crate) const WELL_KNOWN: u32 = 1;

/// Content from which packing must not take long: the export of a large profile is measured against a bare loop that reads it.
/// The dictionary would save a hundredth there in a quarter more time. So would tables of the level's own size, four times as
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

#[cfg(test)]
mod tests {
    use super::BYTES;

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
