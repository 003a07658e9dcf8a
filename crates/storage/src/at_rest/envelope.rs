//! A sealed file: `docs/formats/sealed.md`, section 3.

use std::io::{self, Write};

use mp_dataset::{Digest, HEADER_LEN, Limits};
use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};

use super::{DataKeyId, KeyError, data_key::DataKey, key_file::random};

/// As that of a data set file, with another letter.
pub(super) const MAGIC: [u8; 8] = *b"\x89MPE\r\n\x1A\n";
const VERSION: u16 = 1;
/// Bytes of the header without its tag.
const UNTAGGED: usize = 104;
const TAG: usize = 16;
/// Bytes of the header.
pub(super) const HEAD: usize = UNTAGGED + TAG;
/// Bytes of a piece; only the last one may be shorter.
const PIECE: usize = 64 * 1024;

/// What the header of a sealed file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The data key that it is sealed under.
    pub data_key: DataKeyId,
    /// Bytes of the data set file in it.
    pub len: u64,
    /// Seal of the data set file in it.
    pub digest: Digest,
    salt: [u8; 32],
    bytes: [u8; HEAD],
}

/// Why a sealed file cannot be opened, although its data key is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// It does not begin as one.
    #[error("it does not begin as a sealed file")]
    Magic,
    /// A later version of the software sealed it.
    #[error("it is a sealed file of version {0}, this software knows {VERSION}")]
    Version(u16),
    /// It is longer or shorter than its header says, or than anything that is sealed.
    #[error("the sealed file has {found} bytes, expected {expected}")]
    Length {
        /// As the header says, or the limit.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// It belongs to another data key.
    #[error(
        "it is sealed under the data key {0}, which is not this data set's: it was put here from elsewhere"
    )]
    OtherDataKey(DataKeyId),
    /// A tag is not right.
    #[error("it does not open: it was changed, or sealed for another user or scope")]
    NotAuthentic,
}

impl Envelope {
    /// Reads a header. Nothing of it is to be believed yet.
    ///
    /// # Errors
    /// When it is none of a version that is known, or tells of more than is ever sealed.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(EnvelopeError::Magic);
        }
        let Some(head) = bytes.first_chunk::<HEAD>() else {
            return Err(EnvelopeError::Length { expected: to_u64(HEAD), found: to_u64(bytes.len()) });
        };
        let version = u16::from_le_bytes(field(head, 8));
        // The two bytes behind the version say whether a reader must know more, and nothing does yet.
        if version != VERSION || field(head, 10) != [0, 0] {
            return Err(EnvelopeError::Version(version));
        }
        let len = u64::from_le_bytes(field(head, 16));
        let most = Limits::default().body + to_u64(HEADER_LEN);
        if len > most || len < to_u64(HEADER_LEN) {
            return Err(EnvelopeError::Length { expected: most, found: len });
        }
        if u32::from_le_bytes(field(head, 12)) as usize != PIECE {
            return Err(EnvelopeError::Version(version));
        }
        let digest = Digest(field(head, 72));
        Ok(Self { data_key: DataKeyId(field(head, 24)), len, digest, salt: field(head, 40), bytes: *head })
    }

    /// Bytes of the whole sealed file.
    #[must_use]
    pub fn sealed_len(&self) -> u64 {
        to_u64(HEAD) + self.len + self.len.div_ceil(to_u64(PIECE)) * to_u64(TAG)
    }

    /// Whether the header is what was written for this data set.
    pub(super) fn check(&self, data_key: &DataKey, context: &[u8]) -> Result<(), EnvelopeError> {
        self.key(data_key, context).map(drop)
    }

    fn key(&self, data_key: &DataKey, context: &[u8]) -> Result<(LessSafeKey, Vec<u8>), EnvelopeError> {
        if data_key.id() != self.data_key {
            return Err(EnvelopeError::OtherDataKey(self.data_key));
        }
        let key = data_key.of_file(&self.salt);
        let bound = bound(&self.bytes[..UNTAGGED], context);
        let mut tag = self.bytes[UNTAGGED..].to_vec();
        let opened = key.open_in_place(nonce(Part::Head), Aad::from(&bound), &mut tag).map(drop);
        opened.map_err(|_| EnvelopeError::NotAuthentic)?;
        Ok((key, bound))
    }
}

/// A file that is about to be sealed.
pub(crate) struct Sealing<'a> {
    head: [u8; HEAD],
    key: LessSafeKey,
    bound: Vec<u8>,
    content: &'a [u8],
}

impl<'a> Sealing<'a> {
    pub(super) fn new(
        data_key: &DataKey,
        context: &[u8],
        content: &'a [u8],
        digest: Digest,
    ) -> Result<Self, KeyError> {
        let salt: [u8; 32] = random()?;
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(&MAGIC);
        head[8..10].copy_from_slice(&VERSION.to_le_bytes());
        head[12..16].copy_from_slice(&u32::try_from(PIECE).unwrap_or(u32::MAX).to_le_bytes());
        head[16..24].copy_from_slice(&to_u64(content.len()).to_le_bytes());
        head[24..40].copy_from_slice(&data_key.id().0);
        head[40..72].copy_from_slice(&salt);
        head[72..UNTAGGED].copy_from_slice(&digest.0);
        let key = data_key.of_file(&salt);
        let bound = bound(&head[..UNTAGGED], context);
        let tag = key
            .seal_in_place_separate_tag(nonce(Part::Head), Aad::from(&bound), &mut [])
            .expect("nothing is not too long to be sealed");
        head[UNTAGGED..].copy_from_slice(tag.as_ref());
        Ok(Self { head, key, bound, content })
    }

    /// Bytes that are written.
    pub(crate) fn len(&self) -> usize {
        HEAD + self.content.len() + self.content.len().div_ceil(PIECE) * TAG
    }

    /// Writes the sealed file. No more than one piece of it is in memory.
    pub(crate) fn write_to(&self, into: &mut impl Write) -> io::Result<()> {
        into.write_all(&self.head)?;
        let mut piece = Vec::with_capacity(self.content.len().min(PIECE) + TAG);
        let pieces = self.content.len().div_ceil(PIECE);
        for (index, content) in self.content.chunks(PIECE).enumerate() {
            piece.clear();
            piece.extend_from_slice(content);
            let nonce = nonce(Part::Piece { index, last: index + 1 == pieces });
            self.key
                .seal_in_place_append_tag(nonce, Aad::from(&self.bound), &mut piece)
                .map_err(|_| io::Error::other("cannot encrypt"))?;
            into.write_all(&piece)?;
        }
        Ok(())
    }
}

/// Opens a sealed file in its own memory.
pub(super) fn open(
    data_key: &DataKey,
    context: &[u8],
    mut sealed: Vec<u8>,
) -> Result<Vec<u8>, EnvelopeError> {
    let envelope = Envelope::parse(&sealed)?;
    let (expected, found) = (envelope.sealed_len(), to_u64(sealed.len()));
    if expected != found {
        return Err(EnvelopeError::Length { expected, found });
    }
    let (key, bound) = envelope.key(data_key, context)?;
    let pieces = (sealed.len() - HEAD).div_ceil(PIECE + TAG);
    for index in 0..pieces {
        // What is opened moves to the front, where the tags and the header were.
        let (to, from) = (index * PIECE, HEAD + index * (PIECE + TAG));
        let end = sealed.len().min(from + PIECE + TAG);
        let nonce = nonce(Part::Piece { index, last: index + 1 == pieces });
        let opened = key.open_within(nonce, Aad::from(&bound), &mut sealed[to..end], from - to..);
        opened.map_err(|_| EnvelopeError::NotAuthentic)?;
    }
    sealed.truncate(usize::try_from(envelope.len).unwrap_or(usize::MAX));
    Ok(sealed)
}

/// Bytes of the sealed file of a data set file with this greatest body.
pub(super) fn max_sealed_len(body: u64) -> u64 {
    let len = body + to_u64(HEADER_LEN);
    to_u64(HEAD) + len + len.div_ceil(to_u64(PIECE)) * to_u64(TAG)
}

/// What a nonce is for. The key of a file encrypts each part once.
enum Part {
    Head,
    Piece { index: usize, last: bool },
}

fn nonce(part: Part) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    if let Part::Piece { index, last } = part {
        bytes[0] = if last { 2 } else { 1 };
        bytes[4..].copy_from_slice(&to_u64(index).to_be_bytes());
    }
    Nonce::assume_unique_for_key(bytes)
}

fn bound(head: &[u8], context: &[u8]) -> Vec<u8> {
    [head, context].concat()
}

fn field<const LEN: usize>(head: &[u8; HEAD], at: usize) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes.copy_from_slice(&head[at..at + LEN]);
    bytes
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
