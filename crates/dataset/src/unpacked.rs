//! A data set file without its compression (`docs/formats/dataset.md`, section 11): what two versions have in common is equal
//! bytes in it, and not in the files.

use crate::{
    DataSet, DecodeError, Digest, EncodeError, HEADER_LEN, Header, Limits, decode::Content, encode,
    error::to_u64, frame,
};

/// Why an unpacked data set does not give its file.
#[derive(Debug, thiserror::Error)]
pub enum RepackError {
    /// It is not the unpacked form of a data set.
    #[error("the unpacked data set is not well formed")]
    Malformed(#[from] DecodeError),
    /// Its content cannot be written.
    #[error("the data set cannot be packed again")]
    Encode(#[from] EncodeError),
    /// The file has another seal: another build of the software made it and packs otherwise, or the bytes are not what they
    /// were.
    #[error("the data set comes out with the seal {found} instead of {expected}; it must be had whole")]
    OtherFile {
        /// The seal that the header states.
        expected: Digest,
        /// The seal of what was packed.
        found: Digest,
    },
}

/// The unpacked form of a data set file: its header as it is, then its content. The seal is checked, the records are not.
///
/// Takes as much memory as the header states and the limits allow.
///
/// # Errors
/// When the file is not intact, over a limit, or needs a later version of this software.
pub fn unpack(file: &[u8], limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    let header = frame::check(file, limits)?;
    header.check_readable()?;
    let (head, body) = file.split_at(HEADER_LEN);
    let mut unpacked = head.to_vec();
    Content::new(body, &header)?.bytes(&mut unpacked)?;
    Ok(unpacked)
}

/// Makes the file of its unpacked form again. What this gives is exactly the file that was unpacked, or an error.
///
/// # Errors
/// When the bytes are not well formed, or are packed otherwise by this build of the software.
pub fn repack(unpacked: &[u8], limits: &Limits) -> Result<Vec<u8>, RepackError> {
    let header = Header::parse(unpacked)?;
    header.check_limits(limits)?;
    header.check_readable()?;
    let content = unpacked.get(HEADER_LEN..).unwrap_or_default();
    let found = to_u64(content.len());
    if found != header.content_len {
        let expected = header.content_len;
        return Err(DecodeError::Length { what: "content", expected, found }.into());
    }
    let set: DataSet = Content::plain(content).data_set(limits)?;
    let mut file = Vec::new();
    let found = encode(&set, &mut file)?.digest;
    match header.digest == found {
        true => Ok(file),
        false => Err(RepackError::OtherFile { expected: header.digest, found }),
    }
}
