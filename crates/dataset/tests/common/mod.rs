//! Arbitrary data sets, and data set files made by hand.
#![allow(dead_code, reason = "each test binary uses some of these")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read;

use mp_dataset::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, HEADER_LEN, Header, Limits,
    Origin, ProfileKind, UnknownFields, decode, dictionary, encode,
};
use mp_registry::{FileTime, KeyAction, KeyEdit, Name, Value, ValueEdit, ValueType};
use proptest::{collection::vec, option, prelude::*, sample::select};

/// Encodes with the defaults.
pub(crate) fn encoded(set: &DataSet) -> Vec<u8> {
    let mut file = Vec::new();
    let info = encode(set, &mut file).unwrap();
    assert_eq!(info.len, file.len() as u64);
    file
}

/// Decodes with the defaults.
pub(crate) fn decoded(file: &[u8]) -> DataSet {
    decode(file, &Limits::default()).unwrap().into_data_set()
}

/// A sealed file with any content.
pub(crate) fn file_of(content: &[u8]) -> Vec<u8> {
    sealed(1, 0, content.len() as u64, &zstd::encode_all(content, 3).unwrap())
}

/// A sound file as writers make them, with the built-in dictionary, around any content.
pub(crate) fn written(content: &[u8]) -> Vec<u8> {
    let mut compressor = zstd::bulk::Compressor::with_dictionary(5, dictionary(1).unwrap()).unwrap();
    sealed_with(1, 0, 1, content.len() as u64, &compressor.compress(content).unwrap())
}

/// A sealed file with any body.
pub(crate) fn sealed(version: u16, flags: u16, content_len: u64, body: &[u8]) -> Vec<u8> {
    sealed_with(version, flags, 0, content_len, body)
}

/// As [`sealed`], packed with a dictionary.
pub(crate) fn sealed_with(
    version: u16,
    flags: u16,
    dictionary: u32,
    content_len: u64,
    body: &[u8],
) -> Vec<u8> {
    let mut file = b"\x89MPD\r\n\x1A\n".to_vec();
    file.extend_from_slice(&version.to_le_bytes());
    file.extend_from_slice(&flags.to_le_bytes());
    file.extend_from_slice(&dictionary.to_le_bytes());
    file.extend_from_slice(&(body.len() as u64).to_le_bytes());
    file.extend_from_slice(&content_len.to_le_bytes());
    let seal = blake3::Hasher::new().update(&file).update(body).finalize();
    file.extend_from_slice(seal.as_bytes());
    assert_eq!(file.len(), HEADER_LEN);
    [&file, body].concat()
}

/// The content of a file that was encoded here.
pub(crate) fn content_of(file: &[u8]) -> Vec<u8> {
    let id = Header::parse(file).unwrap().dictionary;
    let dictionary = dictionary(id).unwrap_or_default();
    let mut decoder = zstd::Decoder::with_dictionary(&file[HEADER_LEN..], dictionary).unwrap();
    let mut content = Vec::new();
    decoder.read_to_end(&mut content).unwrap();
    content
}

/// A record with its head.
pub(crate) fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap();
    [&[kind][..], &len.to_le_bytes(), payload].concat()
}

/// A CBOR map of fields whose values are encoded already.
pub(crate) fn map(fields: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.map(fields.len() as u64).unwrap();
    for (key, value) in fields {
        encoder.u64(*key).unwrap();
        encoder.writer_mut().extend_from_slice(value);
    }
    encoder.into_writer()
}

/// Anything as CBOR.
pub(crate) fn cbor<T: minicbor::Encode<()>>(value: T) -> Vec<u8> {
    minicbor::to_vec(value).unwrap()
}

/// Bytes as a CBOR byte string.
pub(crate) fn bytes(value: &[u8]) -> Vec<u8> {
    cbor(minicbor::bytes::ByteVec::from(value.to_vec()))
}

pub(crate) fn data_sets() -> impl Strategy<Value = DataSet> {
    (origins(), option::weighted(0.9, trees()), vec(files(), 0..4), unknown(1)).prop_map(
        |(origin, registry, files, unknown)| {
            let mut set =
                DataSet { origin, registry: registry.unwrap_or_default(), unknown, ..DataSet::default() };
            set.replace_files(files);
            set
        },
    )
}

fn origins() -> impl Strategy<Value = Origin> {
    use ProfileKind::{Local, Mandatory, Roaming, Temporary, Unknown};
    let kinds = select(vec![Unknown, Mandatory, Local, Roaming, Temporary]);
    let text = || prop_oneof![Just(String::new()), "S-1-5-21-[0-9]{1,9}", "\\PC{0,20}"];
    (text(), text(), text(), times(), kinds, unknown(5)).prop_map(
        |(sid, host, software, exported, profile, unknown)| Origin {
            sid,
            host,
            software,
            exported,
            profile,
            unknown,
        },
    )
}

fn times() -> impl Strategy<Value = FileTime> {
    prop_oneof![Just(0), any::<u64>(), 130_000_000_000_000_000_u64..140_000_000_000_000_000]
        .prop_map(FileTime)
}

/// Fields of a later version, with keys that are not 1 to `own`.
fn unknown(own: u64) -> impl Strategy<Value = UnknownFields> {
    let value = prop_oneof![
        any::<u64>().prop_map(cbor),
        any::<Option<bool>>().prop_map(cbor),
        ".{0,9}".prop_map(cbor),
        vec(any::<i32>(), 0..4).prop_map(cbor),
        vec(any::<u8>(), 0..9).prop_map(|value| bytes(&value)),
        Just(b"\x9F\x01\xBF\x02\x03\xFF\xC1\x04\xFF".to_vec()),
    ];
    let key = prop_oneof![1 => Just(0), 9 => own + 1..200];
    vec((key, value), 0..3).prop_map(|mut fields| {
        fields.sort_by_key(|(key, _)| *key);
        fields.dedup_by_key(|(key, _)| *key);
        fields.reverse();
        UnknownFields(fields)
    })
}

/// Units with all that is awkward: lone surrogates, pairs, NULs, what packed text escapes, GUIDs.
fn units(max: usize) -> impl Strategy<Value = Vec<u16>> {
    let guid = prop_oneof![
        "\\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\\}",
        "\\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\}"
    ];
    let part = prop_oneof![
        4 => "[a-zA-Z ]{0,8}".prop_map(|text| text.encode_utf16().collect::<Vec<_>>()),
        1 => guid.prop_map(|text| text.encode_utf16().collect()),
        1 => vec(0_u16..5, 0..3),
        1 => vec(select(vec![0xD83D_u16, 0xDE00, 0xDBFF, 0xDC00, 0xFFFF, 0x7F, 0x80, 0x7FF, 0x800]), 0..4),
        1 => vec(any::<u16>(), 0..4),
    ];
    vec(part, 0..3).prop_map(move |parts| {
        let mut units = parts.concat();
        units.truncate(max);
        units
    })
}

fn names(max: usize) -> impl Strategy<Value = Name> {
    units(max).prop_map(Name::from_units)
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    let text =
        || units(200).prop_map(|units| units.into_iter().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    let mixed = vec(prop_oneof![text(), vec(any::<u8>(), 0..12)], 0..4).prop_map(|parts| parts.concat());
    let ended = text().prop_map(|text| [&text[..], &[0, 0]].concat());
    prop_oneof![ended, mixed, vec(any::<u8>(), 4..=4), text()]
}

fn values() -> impl Strategy<Value = ValueEdit> {
    let types = prop_oneof![0_u32..12, any::<u32>()];
    prop_oneof![
        5 => (names(60), types, data()).prop_map(|(name, ty, data)| ValueEdit::Set(Value::new(name, ValueType(ty), data))),
        1 => names(60).prop_map(ValueEdit::Delete),
    ]
}

fn trees() -> impl Strategy<Value = KeyEdit> {
    use KeyAction::{Delete, Ensure, Pass, Replace};
    let key = || {
        let action = select(vec![Ensure, Ensure, Pass, Delete, Replace]);
        (names(60), action, option::weighted(0.1, names(20)), times(), vec(values(), 0..5))
    };
    type Own = (Name, KeyAction, Option<Name>, FileTime, Vec<ValueEdit>);
    let build = |((name, action, class, last_write, values), subkeys): (Own, Vec<KeyEdit>)| {
        let mut edit = KeyEdit::new(name, action);
        edit.class = class;
        edit.last_write = last_write;
        edit.replace_values(values);
        edit.replace_subkeys(subkeys);
        edit
    };
    let leaf = key().prop_map(move |key| build((key, Vec::new())));
    leaf.prop_recursive(4, 24, 4, move |below| (key(), vec(below, 0..4)).prop_map(build))
}

fn files() -> impl Strategy<Value = FileEntry> {
    let folder = select(vec!["RoamingAppData", "Desktop", "Favorites"]);
    let content = prop_oneof![vec(any::<u8>(), 0..40), Just(vec![7; 3_000])];
    let present = (times(), 0_u32..16, content).prop_map(|(modified, bits, bytes)| {
        let attributes = FileAttributes::from_bits(bits);
        FileChange::Present(FileContent { modified, attributes, bytes: bytes.into() })
    });
    let change = prop_oneof![3 => present, 1 => Just(FileChange::Deleted)];
    (folder, vec(names(30), 1..4), change, unknown(6)).prop_map(|(folder, components, change, unknown)| {
        FileEntry { path: FilePath { folder: folder.to_owned(), components }, change, unknown }
    })
}
