use mp_dataset::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, HEADER_LEN, Header, Origin,
    ProfileKind, UnknownFields, encode,
};
use mp_registry::{FileTime, Key, KeyEdit, Name};

use crate::{Seed, trees};

pub(crate) fn seeds() -> Vec<Seed> {
    let with_registry = |registry: KeyEdit| DataSet { registry, ..DataSet::default() };
    let sets = [
        ("empty", DataSet::default()),
        ("origin", DataSet { origin: origin(), ..DataSet::default() }),
        ("everything", with_registry(KeyEdit::write(&rooted(trees::everything())))),
        ("wide", with_registry(KeyEdit::write(&rooted(trees::wide())))),
        ("edits", with_registry(trees::edits())),
        ("files", files()),
        ("whole", DataSet { origin: origin(), registry: trees::edits(), ..files() }),
        ("unknown-fields", DataSet { unknown: UnknownFields(vec![(99, vec![0x43, 1, 2, 3])]), ..files() }),
    ];
    sets.into_iter().flat_map(|(name, set)| both(name, &set)).collect()
}

/// The file, and its content by itself, which the target seals into a file.
fn both(name: &str, set: &DataSet) -> [Seed; 2] {
    let mut file = Vec::new();
    let info = encode(set, &mut file).unwrap();
    let content_len = usize::try_from(info.content_len).unwrap();
    let dictionary = mp_dataset::dictionary(Header::parse(&file).unwrap().dictionary).unwrap_or_default();
    let mut decompressor = zstd::bulk::Decompressor::with_dictionary(dictionary).unwrap();
    let content = decompressor.decompress(&file[HEADER_LEN..], content_len).unwrap();
    [(format!("{name}.mpd"), file), (format!("{name}.content"), content)]
}

fn rooted(mut key: Key) -> Key {
    key.name = Name::default();
    key
}

fn origin() -> Origin {
    Origin {
        sid: "S-1-5-21-1-2-3-1001".to_owned(),
        host: "RDSH01".to_owned(),
        software: "0.1.0".to_owned(),
        exported: FileTime(133_000_000_000_000_000),
        profile: ProfileKind::Mandatory,
        unknown: UnknownFields(vec![(70, vec![0xF5])]),
    }
}

fn files() -> DataSet {
    let entry = |folder: &str, components: &[&str], change: FileChange| FileEntry {
        path: FilePath {
            folder: folder.to_owned(),
            components: components.iter().map(|&name| Name::from(name)).collect(),
        },
        change,
        unknown: UnknownFields::default(),
    };
    let present = |bytes: &[u8]| {
        FileChange::Present(FileContent {
            modified: FileTime(133_000_000_000_000_001),
            attributes: FileAttributes::HIDDEN.with(FileAttributes::READ_ONLY),
            bytes: bytes.into(),
        })
    };
    let mut set = DataSet::default();
    set.replace_files(vec![
        entry("RoamingAppData", &["App", "settings.ini"], present(b"[a]\r\nb=1\r\n")),
        entry("RoamingAppData", &["App", "gone.ini"], FileChange::Deleted),
        entry("Desktop", &["日本.lnk"], present(&[0; 600])),
        entry("Favorites", &["empty.url"], present(b"")),
    ]);
    set
}
