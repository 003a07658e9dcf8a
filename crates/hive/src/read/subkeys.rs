use super::{
    cells::Cells,
    tree::{Fault, signature},
};
use crate::{
    error::{Flaw, Structure},
    fields::{u16_at, u32_at},
};

/// Bytes of a list in front of its elements: signature and count.
const LIST_HEADER_SIZE: usize = 4;

/// Appends the offsets of all key nodes a list of sub-keys names ("Index leaf", "Fast leaf", "Hash leaf", "Index root").
pub(super) fn collect(cells: &mut Cells<'_>, list: u32, offsets: &mut Vec<u32>, faults: &mut Vec<Fault>) {
    let fault = Fault::at(Structure::SubkeyList, list);
    match elements(cells, list) {
        Ok((Kind::Leaf, elements)) => offsets.extend(elements),
        Ok((Kind::Root, leaves)) => {
            for leaf in leaves {
                match elements_of_leaf(cells, leaf) {
                    Ok(elements) => offsets.extend(elements),
                    Err(flaw) => faults.push(Fault::at(Structure::SubkeyList, leaf)(flaw)),
                }
            }
        }
        Err(flaw) => faults.push(fault(flaw)),
    }
}

#[derive(PartialEq)]
enum Kind {
    Leaf,
    Root,
}

/// The offsets in one list. The hints and hashes beside them only speed up look-ups in the file and are passed over.
fn elements<'a>(
    cells: &mut Cells<'a>,
    list: u32,
) -> Result<(Kind, impl Iterator<Item = u32> + use<'a>), Flaw> {
    let cell = cells.cell(list)?;
    let (kind, width) = match &signature(cell)? {
        b"lf" | b"lh" => (Kind::Leaf, 8),
        b"li" => (Kind::Leaf, 4),
        b"ri" => (Kind::Root, 4),
        &found => return Err(Flaw::Signature { expected: "lf, lh, li or ri", found }),
    };
    let count = usize::from(u16_at(cell, 2).unwrap_or(0));
    let used = LIST_HEADER_SIZE + count * width;
    let elements =
        cell.get(LIST_HEADER_SIZE..used).ok_or(Flaw::TooSmall { expected: used, found: cell.len() })?;
    cells.claim(list, used)?;
    Ok((kind, elements.chunks_exact(width).filter_map(|element| u32_at(element, 0))))
}

fn elements_of_leaf<'a>(
    cells: &mut Cells<'a>,
    leaf: u32,
) -> Result<impl Iterator<Item = u32> + use<'a>, Flaw> {
    match elements(cells, leaf)? {
        (Kind::Leaf, elements) => Ok(elements),
        (Kind::Root, _) => Err(Flaw::Signature { expected: "lf, lh or li", found: *b"ri" }),
    }
}
