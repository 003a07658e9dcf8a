use std::{
    borrow::Cow,
    io::{self, Write},
};

use mp_registry::KeyEdit;

use crate::{
    DataSet, Digest, EncodeError, FileChange, Limits, columns, dictionary, error::to_u64, frame::Header,
    records,
};

/// Kinds of records (`docs/formats/dataset.md`, section 5).
pub(crate) mod kind {
    pub(crate) const HEAD: u8 = 1;
    pub(crate) const REGISTRY: u8 = 2;
    pub(crate) const FILE: u8 = 3;
}

/// Content since the last flush from which a new piece begins a new block, with entropy tables of its own.
const FLUSH_FROM: usize = 512;

/// What [`encode`] wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodedInfo {
    /// Bytes of the file.
    pub len: u64,
    /// Bytes before compression.
    pub content_len: u64,
    /// The file's seal and ETag.
    pub digest: Digest,
    /// Keys, the root included.
    pub keys: usize,
    /// Value edits.
    pub values: usize,
    /// Files and tombstones of files.
    pub files: usize,
}

/// Writes a data set as a file (`docs/formats/dataset.md`).
///
/// The compressed bytes are kept in memory until all are there, because the header that stands before them seals them; the
/// content is compressed piece by piece as it is.
///
/// # Errors
/// When `out` fails, when something is over the default [`Limits`] (then the message says what to leave out), when files are
/// not in order, or when a field kept from a later version is not what a decoder gave.
pub fn encode(set: &DataSet, out: &mut impl Write) -> Result<EncodedInfo, EncodeError> {
    let limits = Limits::default();
    let (content, keys, values) = Content::of(set, &limits)?;
    let content_len = content.len();
    let over = |what: &str, found: u64, max: u64| match found > max {
        true => Err(EncodeError::Limit { what: format!("the data set with its {what}"), found, max }),
        false => Ok(()),
    };
    over("length before compression", content_len, limits.content)?;
    let (body, dictionary) = content.compress().map_err(EncodeError::Compress)?;
    let body_len = to_u64(body.len());
    over("compressed length", body_len, limits.body)?;
    if content_len > Limits::RATIO_FREE {
        over("ratio of compression", content_len / body_len.max(1), limits.ratio)?;
    }
    let (header, digest) = Header::seal(dictionary, content_len, &body);
    out.write_all(&header).and_then(|()| out.write_all(&body)).map_err(EncodeError::Write)?;
    let len = to_u64(header.len()) + body_len;
    Ok(EncodedInfo { len, content_len, digest, keys, values, files: set.files.len() })
}

/// The content in the pieces of which it is made.
#[derive(Default)]
struct Content<'a> {
    pieces: Vec<Cow<'a, [u8]>>,
}

impl<'a> Content<'a> {
    fn of(set: &'a DataSet, limits: &Limits) -> Result<(Self, usize, usize), EncodeError> {
        let mut content = Self::default();
        let head = records::write_head(&set.origin, &set.unknown, limits)?;
        content.record(kind::HEAD, [Cow::Owned(head)])?;
        let (mut keys, mut values) = (1, 0);
        if set.registry != KeyEdit::default() {
            let written = columns::write(&set.registry, limits)?;
            (keys, values) = (written.keys, written.values);
            content.record(kind::REGISTRY, written.pieces.into_iter().map(Cow::Owned))?;
        }
        EncodeError::limit(
            || "the data set with its number of files".to_owned(),
            set.files.len(),
            limits.files,
        )?;
        let mut before = None;
        for entry in &set.files {
            if before.replace(&entry.path).is_some_and(|before| before.fold_cmp(&entry.path).is_ge()) {
                return Err(EncodeError::FileOrder(entry.path.clone()));
            }
            let (head, tail) = records::write_file(entry, limits)?;
            let bytes = match &entry.change {
                FileChange::Present(file) => &file.bytes[..],
                FileChange::Deleted => &[],
            };
            content.record(kind::FILE, [Cow::Owned(head), Cow::Borrowed(bytes), Cow::Owned(tail)])?;
        }
        Ok((content, keys, values))
    }

    fn record(
        &mut self,
        kind: u8,
        payload: impl IntoIterator<Item = Cow<'a, [u8]>>,
    ) -> Result<(), EncodeError> {
        let frame = self.pieces.len();
        self.pieces.push(Cow::Borrowed(&[]));
        self.pieces.extend(payload);
        let len: usize = self.pieces[frame..].iter().map(|piece| piece.len()).sum();
        let too_long =
            |_| EncodeError::Limit { what: "a record".to_owned(), found: to_u64(len), max: u32::MAX.into() };
        let [a, b, c, d] = u32::try_from(len).map_err(too_long)?.to_le_bytes();
        self.pieces[frame] = Cow::Owned(vec![kind, a, b, c, d]);
        Ok(())
    }

    fn len(&self) -> u64 {
        self.pieces.iter().map(|piece| to_u64(piece.len())).sum()
    }

    /// The body, and the dictionary with which it was made.
    fn compress(&self) -> io::Result<(Vec<u8>, u32)> {
        let (mut encoder, dictionary) = dictionary::encoder(self.len())?;
        let mut pending = 0;
        for piece in &self.pieces {
            if pending >= FLUSH_FROM {
                encoder.flush()?;
                pending = 0;
            }
            encoder.write_all(piece)?;
            pending += piece.len();
        }
        Ok((encoder.finish()?, dictionary))
    }
}
