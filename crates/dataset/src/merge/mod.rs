//! Three-way merge: two data sets that were made from one base become one (`docs/adr/0004-three-way-merge.md`).

mod choice;
mod keys;
mod overrides;

use mp_registry::{KeyEdit, KeyPath, Name};

use crate::{DataSet, FileChange, FileEntry, FilePath, Origin, UnknownFields};
use choice::{Choice, choose, triples};
pub(crate) use keys::exists;
pub use overrides::{Held, ItemPlace, MAX_OVERRIDES, Override, Overrides};

/// One of the two data sets that are merged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The one that is stored already.
    Theirs,
    /// The one that is to be stored.
    Mine,
}

/// What is asked about when both sides changed it differently. Paths start at the user's root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item<'a> {
    /// A key: as a whole when a side deleted it or made it anew, otherwise its class name and the spelling of its name.
    Key(&'a KeyPath),
    /// A value of a key.
    Value(&'a KeyPath, &'a Name),
    /// A file.
    File(&'a FilePath),
}

/// Result of a merge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merged {
    /// Both data sets in one. Its origin is mine, unless I changed nothing.
    pub set: DataSet,
    /// What both sides changed differently.
    pub overrides: Overrides,
}

/// Merges two data sets that were made from `base` (`None`: when there was none).
///
/// Item by item (key, value, file): what only one side changed is as that side has it. Of what both changed differently
/// the side counts that `prefer` names, and the other is reported. A key that one side deleted or made anew, and below
/// which the other side changed something, is one item with all below it. Fields of a later version are merged one by
/// one; of one that both sides changed, mine counts.
///
/// That a data set says nothing about an item is a state like any other: the item is as the mandatory profile has it.
/// Last write times of keys, modification times of files and the spelling of names are no changes of their own.
#[must_use]
pub fn merge(
    base: Option<&DataSet>,
    theirs: &DataSet,
    mine: &DataSet,
    prefer: &dyn Fn(Item<'_>) -> Side,
) -> Merged {
    let nothing = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
    let base = base.unwrap_or(&nothing);
    if same_content(mine, base) || same_content(theirs, base) {
        let set = if same_content(theirs, base) { mine } else { theirs };
        return Merged { set: set.clone(), overrides: Overrides::default() };
    }
    let mut merger = Merger { prefer, path: KeyPath::root(), overrides: Overrides::default() };
    let registry = merger.root(&base.registry, &theirs.registry, &mine.registry);
    let files = merger.files(&base.files, &theirs.files, &mine.files);
    let set = DataSet {
        origin: Origin {
            unknown: unknown(&base.origin.unknown, &theirs.origin.unknown, &mine.origin.unknown),
            ..mine.origin.clone()
        },
        registry,
        files,
        unknown: unknown(&base.unknown, &theirs.unknown, &mine.unknown),
    };
    Merged { set, overrides: merger.overrides }
}

/// Whether both hold the same, whoever made them.
fn same_content(a: &DataSet, b: &DataSet) -> bool {
    a.registry == b.registry
        && a.files == b.files
        && a.unknown == b.unknown
        && a.origin.unknown == b.origin.unknown
}

/// A merge under way.
struct Merger<'a> {
    prefer: &'a dyn Fn(Item<'_>) -> Side,
    /// The key that is being merged.
    path: KeyPath,
    overrides: Overrides,
}

impl Merger<'_> {
    fn files(&mut self, base: &[FileEntry], theirs: &[FileEntry], mine: &[FileEntry]) -> Vec<FileEntry> {
        let mut files = Vec::new();
        for (base, theirs, mine) in triples(base, theirs, mine, |a, b| a.path.fold_cmp(&b.path)) {
            let Some(path) = mine.or(theirs).map(|entry| &entry.path) else { continue };
            let side = match choose(base, theirs, mine, |a, b| both(*a, *b, same_file)) {
                Choice::Only(side) => side,
                Choice::Either => (self.prefer)(Item::File(path)),
                Choice::Conflict => {
                    let side = (self.prefer)(Item::File(path));
                    let held = [theirs, mine].map(Held::file);
                    self.overrides.add(side, held, || ItemPlace::File(path.clone()));
                    side
                }
            };
            files.extend(side.of(theirs, mine).cloned());
        }
        files
    }
}

impl Side {
    fn of<T>(self, theirs: T, mine: T) -> T {
        match self {
            Self::Theirs => theirs,
            Self::Mine => mine,
        }
    }
}

/// Whether two items that may be missing are alike.
fn both<T>(a: Option<&T>, b: Option<&T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Whether two entries are the same file to its user. Fields of a later version may mean anything, so they count.
fn same_file(a: &FileEntry, b: &FileEntry) -> bool {
    let same = match (&a.change, &b.change) {
        (FileChange::Present(a), FileChange::Present(b)) => {
            a.bytes == b.bytes && a.attributes == b.attributes
        }
        (FileChange::Deleted, FileChange::Deleted) => true,
        _ => false,
    };
    same && a.unknown == b.unknown
}

/// Mine in their order, then what only theirs have.
fn unknown(base: &UnknownFields, theirs: &UnknownFields, mine: &UnknownFields) -> UnknownFields {
    let get = |fields: &UnknownFields, key: u64| {
        fields.0.iter().find(|(field, _)| *field == key).map(|(_, value)| value.clone())
    };
    let new = theirs.0.iter().filter(|(key, _)| get(mine, *key).is_none());
    let keys = mine.0.iter().chain(new).map(|(key, _)| *key);
    let merged = keys.filter_map(|key| {
        let (base, theirs, mine) = (get(base, key), get(theirs, key), get(mine, key));
        let side = match choose(base.as_ref(), theirs.as_ref(), mine.as_ref(), |a, b| a == b) {
            Choice::Only(side) => side,
            Choice::Either | Choice::Conflict => Side::Mine,
        };
        Some((key, side.of(theirs, mine)?))
    });
    UnknownFields(merged.collect())
}
