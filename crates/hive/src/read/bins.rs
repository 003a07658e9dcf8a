use crate::{
    error::{Flaw, HiveError},
    fields::{bytes_at, u32_at},
    limits::{BASE_BLOCK_SIZE, BIN_ALIGNMENT},
};

/// Walks the headers of the hive bins ("Hive bin"). Offsets reported are those of the file.
///
/// Keys are found by their offsets alone, and so a bad bin costs nothing but its mention. After one the next is looked for
/// at the next multiple of 4,096 bytes.
pub(crate) fn check(
    data: &[u8],
    mut report: impl FnMut(usize, Flaw) -> Result<(), HiveError>,
) -> Result<(), HiveError> {
    let mut at = 0;
    while at < data.len() {
        match size(data, at) {
            Ok(size) => at += size,
            Err((field, flaw)) => {
                report(BASE_BLOCK_SIZE + at + field, flaw)?;
                at += BIN_ALIGNMENT;
            }
        }
    }
    Ok(())
}

fn size(data: &[u8], at: usize) -> Result<usize, (usize, Flaw)> {
    let rest = data.get(at..).unwrap_or_default();
    let too_small = (0, Flaw::TooSmall { expected: BIN_ALIGNMENT, found: rest.len() });
    let (Some(signature), Some(offset), Some(size)) =
        (bytes_at(rest, 0, 4), u32_at(rest, 4), u32_at(rest, 8))
    else {
        return Err(too_small);
    };
    if signature != b"hbin" {
        return Err((0, Flaw::Signature { expected: "hbin", found: [signature[0], signature[1]] }));
    }
    if offset as usize != at {
        let expected = u32::try_from(at).unwrap_or(u32::MAX);
        return Err((4, Flaw::Field { expected, found: offset }));
    }
    let length = size as usize;
    if length == 0 || !length.is_multiple_of(BIN_ALIGNMENT) {
        return Err((
            8,
            Flaw::Count {
                expected: length.next_multiple_of(BIN_ALIGNMENT).max(BIN_ALIGNMENT),
                found: length,
            },
        ));
    }
    if length > rest.len() {
        return Err((8, Flaw::TooSmall { expected: length, found: rest.len() }));
    }
    Ok(length)
}
