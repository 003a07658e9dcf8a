use std::{fmt, str::FromStr};

use crate::{DecodeError, Limits, Part, Place, error::to_u64};

/// First bytes of every data set file.
pub(crate) const MAGIC: [u8; 8] = *b"\x89MPD\r\n\x1A\n";
/// Format version that this software writes, and the newest it reads.
pub const FORMAT_VERSION: u16 = 1;
/// Bytes of the header, the same in all format versions.
pub const HEADER_LEN: usize = 64;
/// Bytes of the header that are under the seal; the seal itself follows.
const SEALED: usize = 32;
/// Flags that a reader must understand; the others may be ignored.
const REQUIRED_FLAGS: u16 = 0x00FF;

/// BLAKE3 over all bytes of a data set file but itself: integrity, identity and ETag of the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text is no digest.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
#[error("not a data set digest: expected 64 hexadecimal digits, found {0:?}")]
pub struct ParseDigestError(String);

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| ParseDigestError(text.to_owned()))?;
        Ok(Self(*hash.as_bytes()))
    }
}

/// The header of a data set file (`docs/formats/dataset.md`, section 3). Its layout is that of all format versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Format version.
    pub version: u16,
    /// Flags: bits 0 to 7 must be understood, bits 8 to 15 may be ignored.
    pub flags: u16,
    /// Dictionary of the compressor; 0 for none.
    pub dictionary: u32,
    /// Bytes of the body.
    pub body_len: u64,
    /// Bytes of the content.
    pub content_len: u64,
    /// The seal as the header states it.
    pub digest: Digest,
}

impl Header {
    /// Reads a header of any format version. Nothing is known yet about the body.
    ///
    /// # Errors
    /// When it is too short or does not begin with the magic.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
        if magic != MAGIC {
            return Err(DecodeError::Magic { found: magic.to_vec() });
        }
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else {
            let (expected, found) = (to_u64(HEADER_LEN), to_u64(bytes.len()));
            return Err(DecodeError::Length { what: "header", expected, found });
        };
        Ok(Self {
            version: u16::from_le_bytes(field(bytes, 8)),
            flags: u16::from_le_bytes(field(bytes, 10)),
            dictionary: u32::from_le_bytes(field(bytes, 12)),
            body_len: u64::from_le_bytes(field(bytes, 16)),
            content_len: u64::from_le_bytes(field(bytes, 24)),
            digest: Digest(field(bytes, SEALED)),
        })
    }

    /// Bytes of the whole file.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        self.body_len.saturating_add(to_u64(HEADER_LEN))
    }

    /// The header of a body, sealed.
    pub(crate) fn seal(dictionary: u32, content_len: u64, body: &[u8]) -> ([u8; HEADER_LEN], Digest) {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&dictionary.to_le_bytes());
        bytes[16..24].copy_from_slice(&to_u64(body.len()).to_le_bytes());
        bytes[24..32].copy_from_slice(&content_len.to_le_bytes());
        let digest = seal_of(&bytes, body);
        bytes[SEALED..].copy_from_slice(&digest.0);
        (bytes, digest)
    }

    pub(crate) fn check_limits(&self, limits: &Limits) -> Result<(), DecodeError> {
        let over = |offset, what, found, max| {
            let at = Place { part: Part::Header, offset };
            if found > max { Err(DecodeError::Limit { at, what, found, max }) } else { Ok(()) }
        };
        over(16, "length of the body", self.body_len, limits.body)?;
        over(24, "length of the content", self.content_len, limits.content)?;
        if self.content_len > Limits::RATIO_FREE {
            over(24, "ratio of content to body", self.content_len / self.body_len.max(1), limits.ratio)?;
        }
        Ok(())
    }

    pub(crate) fn check_readable(&self) -> Result<(), DecodeError> {
        if self.version == 0 || self.version > FORMAT_VERSION {
            return Err(DecodeError::Version { found: self.version });
        }
        let flags = self.flags & REQUIRED_FLAGS;
        if flags != 0 {
            return Err(DecodeError::Requires { what: "flags", found: flags.into() });
        }
        Ok(())
    }
}

fn seal_of(head: &[u8; HEADER_LEN], body: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head[..SEALED]).update(body);
    Digest(*hasher.finalize().as_bytes())
}

pub(crate) fn check_seal(head: &[u8; HEADER_LEN], header: &Header, body: &[u8]) -> Result<(), DecodeError> {
    let (expected, found) = (header.digest, seal_of(head, body));
    if expected == found { Ok(()) } else { Err(DecodeError::Seal { expected, found }) }
}

fn field<const N: usize>(bytes: &[u8; HEADER_LEN], offset: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[offset + index])
}

/// Checks a data set file of any format version while its bytes pass by, without decoding them and without keeping them.
///
/// This is for whoever receives, stores or passes on files. What [`Checker::finish`] gives back is the header of an intact
/// file; [`Header::digest`] then is the identity of the file.
#[derive(Debug)]
pub struct Checker {
    limits: Limits,
    head: Vec<u8>,
    header: Option<Header>,
    hasher: blake3::Hasher,
    body: u64,
}

impl Checker {
    /// Of the limits those count that can be seen in the header: body, content and ratio.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, head: Vec::new(), header: None, hasher: blake3::Hasher::new(), body: 0 }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// As soon as it is certain that the file is no intact one: wrong magic, over a limit, longer than its header says.
    pub fn update(&mut self, mut bytes: &[u8]) -> Result<(), DecodeError> {
        if self.header.is_none() {
            let (head, rest) = bytes.split_at(bytes.len().min(HEADER_LEN - self.head.len()));
            self.head.extend_from_slice(head);
            bytes = rest;
            if self.head.len() < HEADER_LEN {
                return Ok(());
            }
            let header = Header::parse(&self.head)?;
            header.check_limits(&self.limits)?;
            self.hasher.update(&self.head[..SEALED]);
            self.header = Some(header);
        }
        self.hasher.update(bytes);
        self.body = self.body.saturating_add(to_u64(bytes.len()));
        match &self.header {
            Some(header) if self.body > header.body_len => Err(self.wrong_length(header.body_len)),
            _ => Ok(()),
        }
    }

    /// The header, as soon as its bytes were there; not verified yet.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// All bytes were given.
    ///
    /// # Errors
    /// When the file is cut short or damaged.
    pub fn finish(self) -> Result<Header, DecodeError> {
        let Some(header) = &self.header else {
            return Header::parse(&self.head);
        };
        if self.body != header.body_len {
            return Err(self.wrong_length(header.body_len));
        }
        let found = Digest(*self.hasher.finalize().as_bytes());
        if found != header.digest {
            return Err(DecodeError::Seal { expected: header.digest, found });
        }
        Ok(header.clone())
    }

    fn wrong_length(&self, expected: u64) -> DecodeError {
        DecodeError::Length { what: "body", expected, found: self.body }
    }
}

/// Checks that bytes are an intact data set file of any format version, without decoding them.
///
/// # Errors
/// When they are not, or are over one of the limits that can be seen in the header.
pub fn check(file: &[u8], limits: &Limits) -> Result<Header, DecodeError> {
    let mut checker = Checker::new(limits.clone());
    checker.update(file)?;
    checker.finish()
}
