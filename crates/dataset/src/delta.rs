//! A data set as the difference against another version (`docs/formats/dataset.md`, section 11): the unpacked form, compressed
//! with the other one's unpacked form as the dictionary, framed as HTTP's content coding `dcz` (RFC 9842, section 5).

use std::fmt;

use sha2::{Digest as _, Sha256};
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx};

use crate::{DecodeError, HEADER_LEN, Limits, RepackError, error::to_u64, repack, unpack};

/// First bytes of the coding: a skippable zstd frame with 32 bytes in it.
pub const DELTA_MAGIC: [u8; 8] = [0x5E, 0x2A, 0x4D, 0x18, 0x20, 0, 0, 0];
/// Bytes before the zstd frame: the magic, and the SHA-256 of the dictionary.
pub const DELTA_HEADER_LEN: usize = 40;
/// Longest unpacked form that travels as a delta, and that serves as a dictionary. Longer data sets travel whole, so that both
/// sides hold both forms of two versions in memory.
pub const MAX_UNPACKED: usize = 32 * 1024 * 1024;

/// What is common is found by the search over long distances; what is left is packed as quickly as large data sets are.
const LEVEL: i32 = 5;
const MIN_MATCH: u32 = 4;
/// Windows are powers of two between these.
const WINDOW_LOG: std::ops::RangeInclusive<u32> = 10..=27;

/// A version that both sides have, as the dictionary of a delta.
#[derive(Clone, PartialEq, Eq)]
pub struct Dictionary {
    unpacked: Vec<u8>,
    hash: [u8; 32],
}

impl Dictionary {
    /// That of a data set file.
    ///
    /// # Errors
    /// When the file is not intact, needs a later version of this software, or is too long.
    pub fn of(file: &[u8]) -> Result<Self, DeltaError> {
        let unpacked = unpack(file, &bounds()).map_err(DeltaError::Dictionary)?;
        Ok(Self { hash: Sha256::digest(&unpacked).into(), unpacked })
    }

    /// SHA-256 of the unpacked form, by which the other side knows it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// A data set file as the difference against this version.
    ///
    /// # Errors
    /// When the file is not intact, is too long, or would not come out the same on the other side.
    pub fn delta(&self, file: &[u8]) -> Result<Vec<u8>, DeltaError> {
        let unpacked = unpack(file, &bounds()).map_err(DeltaError::File)?;
        let mut context = CCtx::create();
        let both = unpacked.len() + self.unpacked.len();
        let window = both.next_power_of_two().ilog2().clamp(*WINDOW_LOG.start(), *WINDOW_LOG.end());
        let parameters = [
            CParameter::CompressionLevel(LEVEL),
            CParameter::WindowLog(window),
            CParameter::MinMatch(MIN_MATCH),
            CParameter::EnableLongDistanceMatching(true),
            CParameter::ChecksumFlag(false),
        ];
        for parameter in parameters {
            context.set_parameter(parameter).map_err(failed)?;
        }
        context.ref_prefix(&self.unpacked).map_err(failed)?;
        let mut frame = Vec::with_capacity(zstd_safe::compress_bound(unpacked.len()));
        context.compress2(&mut frame, &unpacked).map_err(failed)?;
        Ok([&DELTA_MAGIC[..], &self.hash, &frame].concat())
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary").field("len", &self.unpacked.len()).finish_non_exhaustive()
    }
}

/// A delta of which nothing is known yet but what it says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delta<'a> {
    dictionary: [u8; 32],
    frame: &'a [u8],
    len: usize,
}

impl<'a> Delta<'a> {
    /// Reads the header of a delta and of its frame. Nothing is decompressed.
    ///
    /// # Errors
    /// When it is not one whole frame behind the header, or does not say how long it comes out, or too long.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DeltaError> {
        let malformed = |why| DeltaError::Malformed { why };
        let (head, frame) =
            bytes.split_at_checked(DELTA_HEADER_LEN).ok_or(malformed("it is shorter than its header"))?;
        let (magic, hash) = head.split_at(DELTA_MAGIC.len());
        if magic != DELTA_MAGIC {
            return Err(malformed("it does not begin as the coding dcz does"));
        }
        let mut dictionary = [0; 32];
        dictionary.copy_from_slice(hash);
        let len = zstd_safe::get_frame_content_size(frame).ok().flatten();
        let len = len.ok_or(malformed("its zstd frame does not say how long it comes out"))?;
        let within = |len: &usize| (HEADER_LEN..=MAX_UNPACKED).contains(len);
        let Some(fits) = usize::try_from(len).ok().filter(within) else {
            return Err(DeltaError::Length { found: len, max: to_u64(MAX_UNPACKED) });
        };
        if zstd_safe::find_frame_compressed_size(frame).ok() != Some(frame.len()) {
            return Err(malformed("it is not one whole zstd frame"));
        }
        Ok(Self { dictionary, frame, len: fits })
    }

    /// SHA-256 of the dictionary that it was made with.
    #[must_use]
    pub fn dictionary(&self) -> [u8; 32] {
        self.dictionary
    }

    /// Bytes that it comes out to, unpacked. The file is hardly longer.
    #[must_use]
    pub fn unpacked_len(&self) -> usize {
        self.len
    }

    /// The data set file. It is exactly the one that the delta was made of: its seal was compared.
    ///
    /// # Errors
    /// When the dictionary is another one, when the delta is damaged, and when this build of the software packs otherwise than
    /// the one that made the file.
    pub fn apply(&self, dictionary: &Dictionary) -> Result<Vec<u8>, DeltaError> {
        if self.dictionary != dictionary.hash {
            return Err(DeltaError::OtherDictionary);
        }
        // Exactly what was announced: a frame that comes out longer does not fit, and ends here.
        let mut unpacked = Vec::with_capacity(self.len);
        DCtx::create()
            .decompress_using_dict(&mut unpacked, self.frame, &dictionary.unpacked)
            .map_err(failed)?;
        if unpacked.len() != self.len {
            return Err(DeltaError::Malformed { why: "it comes out with another length than it says" });
        }
        Ok(repack(&unpacked, &bounds())?)
    }
}

/// Why a data set cannot be sent as a delta, or be had from one. It is then sent whole.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// The version that was to be the dictionary cannot be used.
    #[error("the base of the delta cannot be used")]
    Dictionary(#[source] DecodeError),
    /// The data set file cannot be sent as a delta.
    #[error("the data set cannot be sent as a delta")]
    File(#[source] DecodeError),
    /// The delta was made with another dictionary.
    #[error("the delta was made against another data set than its base")]
    OtherDictionary,
    /// It is not one.
    #[error("the delta is not well formed: {why}")]
    Malformed {
        /// What is wrong.
        why: &'static str,
    },
    /// It would come out too long.
    #[error("the delta comes out to {found} bytes; at least {HEADER_LEN} and at most {max} are taken")]
    Length {
        /// The length that it states.
        found: u64,
        /// The most.
        max: u64,
    },
    /// The compressor failed, or what it was given is damaged.
    #[error("the delta cannot be made or read: {0}")]
    Zstd(&'static str),
    /// What came out is not the data set.
    #[error("the delta does not give the data set")]
    Repack(#[from] RepackError),
}

fn failed(code: usize) -> DeltaError {
    DeltaError::Zstd(zstd_safe::get_error_name(code))
}

/// The limits of files that have to do with deltas.
fn bounds() -> Limits {
    let content = to_u64(MAX_UNPACKED - HEADER_LEN);
    let limits = Limits::default();
    Limits { content: content.min(limits.content), ..limits }
}
