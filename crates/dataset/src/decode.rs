use std::{io::Read, sync::Arc};

use crate::{
    DataSet, DecodeError, Digest, Limits, Origin, Part, Place, columns, dictionary,
    encode::kind,
    error::to_u64,
    frame::{HEADER_LEN, Header, check, check_seal},
    records::{self, Head},
};

/// Binary logarithm of the greatest window that a body may need.
const WINDOW_LOG_MAX: u32 = 23;
/// Memory for a record that is taken before its bytes have come.
const TAKEN_AT_ONCE: usize = 1 << 20;
/// Bytes of a record before its payload.
const RECORD_HEAD: usize = 5;

/// The bytes of a data set file of which nothing is known yet but that they are as long as the header says.
#[derive(Clone, Debug)]
pub struct Unverified {
    head: [u8; HEADER_LEN],
    header: Header,
    body: Vec<u8>,
}

/// A data set whose file was intact and was decoded within the limits. Only decoding makes one.
///
/// Verified means unaltered and well-formed. It does not mean that the content may be trusted: it is what a user's profile
/// held, and an import decides what of it may be written where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    header: Header,
    set: DataSet,
}

/// Reads, verifies and decodes a data set file up to the end of `from`.
///
/// # Errors
/// See [`Unverified::read`] and [`Unverified::verify`].
pub fn decode(from: impl Read, limits: &Limits) -> Result<Verified, DecodeError> {
    Unverified::read(from, limits)?.verify(limits)
}

impl Unverified {
    /// Reads a file up to the end of `from`; takes no more memory than bytes are there and than the limits allow.
    ///
    /// # Errors
    /// When reading fails, when the magic is wrong, when a length in the header is over its limit, and when there are fewer
    /// or more bytes than the header says.
    pub fn read(mut from: impl Read, limits: &Limits) -> Result<Self, DecodeError> {
        let mut head = Vec::with_capacity(HEADER_LEN);
        from.by_ref().take(to_u64(HEADER_LEN)).read_to_end(&mut head).map_err(DecodeError::Read)?;
        let header = Header::parse(&head)?;
        header.check_limits(limits)?;
        let mut body = Vec::new();
        from.take(header.body_len.saturating_add(1)).read_to_end(&mut body).map_err(DecodeError::Read)?;
        let (expected, found) = (header.body_len, to_u64(body.len()));
        if expected != found {
            return Err(DecodeError::Length { what: "body", expected, found });
        }
        let mut bytes = [0; HEADER_LEN];
        bytes.copy_from_slice(&head);
        Ok(Self { head: bytes, header, body })
    }

    /// The header, as it claims to be.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Checks the seal, then decompresses and decodes within the limits.
    ///
    /// # Errors
    /// When the seal is wrong, when the file needs a later version of this software, when something is over a limit, and when
    /// the content is not as the format says.
    pub fn verify(self, limits: &Limits) -> Result<Verified, DecodeError> {
        check_seal(&self.head, &self.header, &self.body)?;
        let set = content(&self.header, &self.body)?.data_set(limits)?;
        Ok(Verified { header: self.header, set })
    }
}

/// A data set file of any format version whose seal is right, in the memory where it lies.
///
/// This is for the Storage Service, which checks a file once, keeps it as it is, and must know whether it names the user
/// under whom it is to be kept.
#[derive(Clone, Debug)]
pub struct Intact<'a> {
    header: Header,
    body: &'a [u8],
}

impl<'a> Intact<'a> {
    /// Checks lengths and seal in one pass over the file; nothing is decoded and nothing copied.
    ///
    /// # Errors
    /// See [`check`].
    pub fn check(file: &'a [u8], limits: &Limits) -> Result<Self, DecodeError> {
        let header = check(file, limits)?;
        Ok(Self { header, body: file.get(HEADER_LEN..).unwrap_or_default() })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Decodes the head record alone: whose data set it says it is.
    ///
    /// # Errors
    /// When the file needs a later version of this software, and when the head record is not as the format says.
    pub fn origin(&self, limits: &Limits) -> Result<Origin, DecodeError> {
        Ok(content(&self.header, self.body)?.head(limits, &mut Vec::new())?.origin)
    }

    /// Decodes all of it, of kept files everything but their bytes: whose data set it says it is.
    ///
    /// # Errors
    /// When the file needs a later version of this software, when something is over a limit, and when the content is not as
    /// the format says.
    pub fn check_content(&self, limits: &Limits) -> Result<Origin, DecodeError> {
        self.header.check_readable()?;
        let whole = dictionary::decompress(self.body, self.header.dictionary, self.header.content_len);
        let content = match &whole {
            Some(content) => Content::plain(content),
            None => Content::new(self.body, &self.header)?,
        };
        Ok(content.read_all(limits, |_| Arc::default())?.origin)
    }
}

fn content<'a>(header: &Header, body: &'a [u8]) -> Result<Content<'a>, DecodeError> {
    header.check_readable()?;
    Content::new(body, header)
}

impl Verified {
    /// The data set.
    #[must_use]
    pub fn data_set(&self) -> &DataSet {
        &self.set
    }

    /// Gives the data set away.
    #[must_use]
    pub fn into_data_set(self) -> DataSet {
        self.set
    }

    /// The header of the file.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The file's seal and ETag.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.header.digest
    }
}

/// Where content comes from.
enum Source<'a> {
    /// The body of a file, decompressed as it is read.
    Packed(zstd::stream::read::Decoder<'static, &'a [u8]>),
    /// Content that is there already.
    Plain(&'a [u8]),
}

impl Read for Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Packed(decoder) => decoder.read(into),
            Self::Plain(content) => content.read(into),
        }
    }
}

impl Source<'_> {
    /// Bytes that were not read.
    fn left(self) -> usize {
        match self {
            Self::Packed(decoder) => decoder.finish().len(),
            Self::Plain(content) => content.len(),
        }
    }
}

/// The content record by record.
pub(crate) struct Content<'a> {
    source: Source<'a>,
    /// Bytes of content that came out.
    at: u64,
    /// Bytes of content that the header says.
    len: u64,
}

impl<'a> Content<'a> {
    pub(crate) fn new(body: &'a [u8], header: &Header) -> Result<Self, DecodeError> {
        let Some(decoder) = dictionary::decoder(body, header.dictionary) else {
            return Err(DecodeError::Requires { what: "dictionary", found: header.dictionary });
        };
        let bounded = decoder.and_then(|mut decoder| {
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Ok(decoder)
        });
        let decoder = bounded.map_err(|source| DecodeError::Decompress { offset: 0, source })?;
        Ok(Self { source: Source::Packed(decoder), at: 0, len: header.content_len })
    }

    pub(crate) fn plain(content: &'a [u8]) -> Self {
        Self { source: Source::Plain(content), at: 0, len: to_u64(content.len()) }
    }

    /// All of it as bytes, which are as many as the header says.
    pub(crate) fn bytes(mut self, into: &mut Vec<u8>) -> Result<(), DecodeError> {
        let read = self.source.by_ref().take(self.len).read_to_end(into);
        self.at = to_u64(read.map_err(|source| DecodeError::Decompress { offset: 0, source })?);
        if self.at != self.len {
            return Err(self.malformed("content as long as the header says", "its end"));
        }
        self.finish()
    }

    pub(crate) fn data_set(self, limits: &Limits) -> Result<DataSet, DecodeError> {
        self.read_all(limits, |bytes| Arc::from(bytes))
    }

    /// Reads all of it; of the bytes of a file that is kept what `keep` makes of them.
    fn read_all(mut self, limits: &Limits, keep: fn(&[u8]) -> Arc<[u8]>) -> Result<DataSet, DecodeError> {
        let mut buffer = Vec::new();
        let head = self.head(limits, &mut buffer)?;
        let mut set = DataSet { origin: head.origin, unknown: head.unknown, ..DataSet::default() };
        let mut registry = false;
        while let Some((kind, payload)) = self.record(&mut buffer)? {
            match kind {
                kind::REGISTRY if !registry && set.files.is_empty() => {
                    set.registry = columns::read(payload, limits)?;
                    registry = true;
                }
                kind::FILE => {
                    let index = set.files.len();
                    let at = Place { part: Part::File(index), offset: 0 };
                    let (found, max) = (to_u64(index) + 1, to_u64(limits.files));
                    if found > max {
                        return Err(DecodeError::Limit { at, what: "number of files", found, max });
                    }
                    let entry = records::read_file(payload, index, limits, keep)?;
                    if set.files.last().is_some_and(|last| last.path.fold_cmp(&entry.path).is_ge()) {
                        let expected = "files in order, each once";
                        return Err(DecodeError::Malformed { at, expected, found: entry.path.to_string() });
                    }
                    set.files.push(entry);
                }
                _ => return Err(self.malformed("a record that may stand here", &format!("kind {kind}"))),
            }
        }
        self.finish()?;
        Ok(set)
    }

    fn head(&mut self, limits: &Limits, buffer: &mut Vec<u8>) -> Result<Head, DecodeError> {
        let Some((kind::HEAD, payload)) = self.record(buffer)? else {
            return Err(self.malformed("the head record", "another record or none"));
        };
        records::read_head(payload, limits)
    }

    /// Reads the next record; gives its kind and payload, or `None` at the end of the content. `buffer` holds what is not in
    /// memory already.
    fn record<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Option<(u8, &'b [u8])>, DecodeError>
    where
        'a: 'b,
    {
        let left = self.len - self.at;
        if left == 0 {
            return Ok(None);
        }
        let expected = "the 5 bytes before a record's payload";
        let Some(left) = left.checked_sub(to_u64(RECORD_HEAD)) else {
            return Err(self.malformed(expected, &format!("{left} bytes")));
        };
        let &[kind, a, b, c, d] = self.read(RECORD_HEAD, buffer)? else {
            return Err(self.malformed(expected, "the end of the content"));
        };
        let len = u32::from_le_bytes([a, b, c, d]);
        if u64::from(len) > left {
            return Err(self.malformed("a record that fits into the content", &format!("{len} bytes")));
        }
        let payload = self.read(usize::try_from(len).unwrap_or(usize::MAX), buffer)?;
        Ok(Some((kind, payload)))
    }

    /// Reads exactly `len` bytes; memory grows with the bytes that come, beyond what most data sets need.
    fn read<'b>(&mut self, len: usize, into: &'b mut Vec<u8>) -> Result<&'b [u8], DecodeError>
    where
        'a: 'b,
    {
        if let Source::Plain(content) = &mut self.source
            && let Some((bytes, rest)) = content.split_at_checked(len)
        {
            *content = rest;
            self.at += to_u64(len);
            return Ok(bytes);
        }
        into.clear();
        into.reserve(len.min(TAKEN_AT_ONCE));
        let read = self.source.by_ref().take(to_u64(len)).read_to_end(into);
        self.at += to_u64(into.len());
        read.map_err(|source| DecodeError::Decompress { offset: self.at, source })?;
        if into.len() != len {
            return Err(self.malformed("content as long as the header says", "its end"));
        }
        Ok(into)
    }

    /// Nothing may follow, neither content nor bytes of the body.
    fn finish(mut self) -> Result<(), DecodeError> {
        let mut more = [0];
        let read = self.source.read(&mut more);
        let read = read.map_err(|source| DecodeError::Decompress { offset: self.at, source })?;
        if read > 0 {
            return Err(self.malformed("the end of the content", "more content"));
        }
        let offset = self.at;
        match self.source.left() {
            0 => Ok(()),
            more => Err(DecodeError::Malformed {
                at: Place { part: Part::Content, offset },
                expected: "one zstd frame and nothing behind it",
                found: format!("{more} more bytes"),
            }),
        }
    }

    fn malformed(&self, expected: &'static str, found: &str) -> DecodeError {
        let at = Place { part: Part::Content, offset: self.at };
        DecodeError::Malformed { at, expected, found: found.to_owned() }
    }
}
