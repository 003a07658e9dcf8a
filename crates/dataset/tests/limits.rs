//! Hostile files get a precise error before they get memory (`docs/formats/dataset.md`, sections 9 and 10).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::Write;

use common::{bytes, cbor, encoded, file_of, map, record, sealed};
use mp_dataset::{
    DataSet, FileAttributes, FileChange, FileContent, FileEntry, FilePath, Limits, UnknownFields, check,
    decode, encode,
};
use mp_registry::{FileTime, KeyAction, KeyEdit, Name, Value, ValueEdit, ValueType};

fn refusal(file: &[u8], limits: &Limits) -> String {
    decode(file, limits).unwrap_err().to_string()
}

fn default_refusal(content: &[u8]) -> String {
    refusal(&file_of(content), &Limits::default())
}

/// Content of an empty head and one registry record with these columns.
fn registry(fields: &[(u64, Vec<u8>)]) -> Vec<u8> {
    [record(1, &map(&[])), record(2, &map(fields))].concat()
}

#[test]
fn a_bomb_is_refused_by_its_header_or_by_its_first_byte_too_many() {
    let bomb = zstd::encode_all(std::io::repeat(0).take_len(80 << 20), 1).unwrap();
    let ratio = (80 << 20) / bomb.len() as u64;
    assert_eq!(
        refusal(&sealed(1, 0, 80 << 20, &bomb), &Limits::default()),
        format!("header, offset 24: ratio of content to body is {ratio}, more than the limit 2000")
    );
    assert_eq!(
        refusal(&sealed(1, 0, u64::MAX, &bomb), &Limits::default()),
        format!(
            "header, offset 24: length of the content is {}, more than the limit {}",
            u64::MAX,
            256 << 20
        )
    );
    let small_lie = refusal(&sealed(1, 0, 40, &bomb), &Limits::default());
    assert_eq!(small_lie, "content, offset 5: expected the head record, found another record or none");
    let true_start = [&record(1, &map(&[]))[..], &vec![0; 1 << 20]].concat();
    let longer =
        refusal(&sealed(1, 0, 6, &zstd::encode_all(&true_start[..], 1).unwrap()), &Limits::default());
    assert_eq!(longer, "content, offset 6: expected the end of the content, found more content");
}

trait TakeLen: std::io::Read + Sized {
    fn take_len(self, len: u64) -> std::io::Take<Self> {
        self.take(len)
    }
}
impl<R: std::io::Read> TakeLen for R {}

#[test]
fn the_header_alone_decides_about_the_body() {
    let mut head = sealed(1, 0, 10, b"");
    head[16..24].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    let message = "header, offset 16: length of the body is 1099511627776, more than the limit 134217728";
    assert_eq!(refusal(&head, &Limits::default()), message);
    assert_eq!(check(&head, &Limits::default()).unwrap_err().to_string(), message);
    head[16..24].copy_from_slice(&(100_u64 << 20).to_le_bytes());
    assert_eq!(
        refusal(&head, &Limits::default()),
        "body of the data set file: expected 104857600 bytes, found 0"
    );
    assert_eq!(
        refusal(b"PK\x03\x04", &Limits::default()),
        "not a data set file: expected the magic [89, 4d, 50, 44, 0d, 0a, 1a, 0a], found [50, 4b, 03, 04]"
    );
}

#[test]
fn the_body_is_one_frame_with_a_small_window() {
    let content = record(1, &map(&[]));
    let frame = zstd::encode_all(&content[..], 3).unwrap();
    let len = content.len() as u64;
    let two = [&frame[..], &frame].concat();
    let message = format!(
        "content, offset 6: expected one zstd frame and nothing behind it, found {} more bytes",
        frame.len()
    );
    assert_eq!(refusal(&sealed(1, 0, len, &two), &Limits::default()), message);
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(27).unwrap();
    wide.write_all(&content).unwrap();
    let wide = wide.finish().unwrap();
    let message = "cannot decompress the body of the data set file at content offset 0";
    assert_eq!(refusal(&sealed(1, 0, len, &wide), &Limits::default()), message);
}

#[test]
fn counts_are_checked_against_limits_and_against_what_is_there() {
    let huge = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
    let shape = |bytes_: &[u8]| (3, bytes(bytes_));
    for (content, message) in [
        (
            registry(&[(1, cbor(u64::MAX))]),
            "registry record, offset 2: the number of keys is 18446744073709551615, more than the limit 262144".to_owned(),
        ),
        (
            registry(&[(1, cbor(200_000)), shape(&[0, 0xC0, 0x9A, 0x0C])]),
            "registry record, column shape, offset 1: expected no more keys than are counted and there, found 200000 \
             where there can be 0"
                .to_owned(),
        ),
        (
            registry(&[(1, cbor(1)), (2, cbor(1_000_000)), shape(&[0xC0, 0x84, 0x3D, 0])]),
            "registry record, column shape, offset 0: expected no more values than are counted and there, found \
             1000000 where there can be 0"
                .to_owned(),
        ),
        (
            registry(&[(1, cbor(1)), shape(&[&huge[..], &[0]].concat())]),
            "registry record, column shape, offset 0: expected no more values than are counted and there, found \
             549755813887 where there can be 0"
                .to_owned(),
        ),
        (
            registry(&[(1, cbor(2)), shape(&[0, 0]), (8, bytes(b"\0"))]),
            "registry record, column shape, offset 1: expected as many keys and values as are counted, found 1 keys and \
             0 values fewer"
                .to_owned(),
        ),
    ] {
        assert_eq!(default_refusal(&content), message);
    }
}

#[test]
fn columns_end_where_they_should() {
    let one = |more: &[(u64, Vec<u8>)]| {
        let own = [(1, cbor(1)), (2, cbor(1)), (3, bytes(&[1, 0])), (8, bytes(b"\0")), (9, bytes(b"v\0"))];
        registry(&[&own[..], more].concat())
    };
    for (content, message) in [
        (
            one(&[(5, bytes(&[1 << 3 | 1]))]),
            "texts, offset 0: expected the end of a text, found the end of the column",
        ),
        (
            one(&[(5, bytes(&[4 << 3 | 3])), (7, bytes(&[1]))]),
            "dwords, offset 0: expected a dword, found 1 of 4 bytes",
        ),
        (
            one(&[(5, bytes(&[7]))]),
            "forms, offset 0: expected a form of 0 to 4, or a tombstone of type 0, found 7",
        ),
        (
            one(&[(5, bytes(&[0])), (14, bytes(b"x"))]),
            "bytes, offset 0: expected the end of the column, found 1 more bytes",
        ),
        (
            one(&[(5, bytes(&[1])), (10, bytes(b"\x01\0"))]),
            "GUIDs, offset 0: expected a GUID of 16 bytes, found 0 of 16 bytes",
        ),
        (
            one(&[(5, bytes(&[1])), (10, bytes(b"\x03\x04\0"))]),
            "texts, offset 0: expected an escaped unit 0 to 3, found [04, 00]",
        ),
        (
            one(&[(5, bytes(&[1])), (10, bytes(b"\xC0\x80\0"))]),
            "texts, offset 0: expected WTF-8, found [c0, 80, 00]",
        ),
        (
            one(&[(5, bytes(&[4])), (6, bytes(&[4])), (11, bytes(b"abc\0")), (12, bytes(&[1, 0]))]),
            "runs, offset 0: run that must fit into its value, in units is 3, more than the limit 2",
        ),
        (
            one(&[(5, bytes(&[4])), (6, bytes(&[4])), (11, bytes(b"ab\0")), (12, bytes(&[2, 0]))]),
            "gaps, offset 0: expected runs that fit into their value, found a run that ends at 6",
        ),
        (
            one(&[(5, bytes(&[4])), (6, bytes(&[0x80, 0x80, 0x80, 0x80, 1])), (12, bytes(&[0]))]),
            "lengths, offset 0: length of a value's data is 268435456, more than the limit 67108864",
        ),
        (
            one(&[(5, bytes(&[0x80, 0x80, 0x80, 0x80, 0x80, 1]))]),
            "forms, offset 0: expected a type of 32 bits, found 0x100000000",
        ),
        (
            one(&[(5, bytes(&[0x80, 0]))]),
            "forms, offset 0: expected a form, found a number with a trailing zero byte",
        ),
        (
            one(&[(5, bytes(&[0xFF; 10]))]),
            "forms, offset 0: expected a form, found a number of more than 64 bits",
        ),
        (
            one(&[(5, bytes(&[0])), (4, bytes(&[8]))]),
            "actions, offset 0: expected an action of 0 to 7, found 8",
        ),
    ] {
        assert_eq!(default_refusal(&content), format!("registry record, column {message}"));
    }
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let chain = |keys: u64| {
        let count = usize::try_from(keys).unwrap();
        let shape = [[0, 1].repeat(count - 1), vec![0, 0]].concat();
        registry(&[(1, cbor(keys)), (3, bytes(&shape)), (8, bytes(&vec![0; count]))])
    };
    assert!(decode(&file_of(&chain(513))[..], &Limits::default()).is_ok());
    let message =
        "registry record, column shape, offset 1026: depth of a key is 513, more than the limit 512";
    assert_eq!(default_refusal(&chain(514)), message);
    assert_eq!(default_refusal(&chain(200_000)), message);
    let field = |depth: usize| record(1, &map(&[(9, [vec![0x81; depth], vec![0]].concat())]));
    assert!(decode(&file_of(&field(16))[..], &Limits::default()).is_ok());
    for depth in [17, 1_000_000] {
        let message = default_refusal(&field(depth));
        assert!(message.contains("nested too deep"), "{message}");
    }
}

#[test]
fn names_values_and_files_have_limits_on_both_sides() {
    let limits = Limits { value: 100, file: 100, files: 2, values: 3, keys: 3, ..Limits::default() };
    let set = |edit: fn(&mut KeyEdit)| {
        let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
        edit(set.registry.subkey_or(&Name::from("Software"), KeyAction::Ensure));
        set
    };
    let file = |name: u8, len: usize| FileEntry {
        path: FilePath {
            folder: "Desktop".to_owned(),
            components: vec![Name::from(char::from(name).to_string().as_str())],
        },
        change: FileChange::Present(FileContent {
            modified: FileTime(1),
            attributes: FileAttributes::default(),
            bytes: vec![0; len].into(),
        }),
        unknown: UnknownFields::default(),
    };
    let files = |files: Vec<FileEntry>| DataSet { files, ..DataSet::default() };
    for (set, message) in [
        (
            set(|key| key.edit_value(ValueEdit::Set(Value::new("v", ValueType::NONE, [0; 101])))),
            "registry record, column lengths, offset 0: length of a value's data is 101, more than the limit 100",
        ),
        (
            set(|key| key.edit_value(ValueEdit::Set(Value::sz("v", &"x".repeat(50))))),
            "registry record, column texts, offset 0: text of a value, in units is 50, more than the limit 49",
        ),
        (
            set(|key| {
                (0..4).for_each(|v| key.edit_value(ValueEdit::Delete(Name::from(v.to_string().as_str()))))
            }),
            "registry record, offset 4: the number of values is 4, more than the limit 3",
        ),
        (
            set(|key| key.replace_subkeys(vec![KeyEdit::default(), KeyEdit::new("a", KeyAction::Delete)])),
            "registry record, offset 2: the number of keys is 4, more than the limit 3",
        ),
        (
            files(vec![file(b'a', 101)]),
            "file record 0, offset 17: length of the file is 101, more than the limit 100",
        ),
        (
            files(vec![file(b'a', 1), file(b'b', 1), file(b'c', 1)]),
            "file record 2, offset 0: number of files is 3, more than the limit 2",
        ),
    ] {
        let file = encoded(&set);
        assert_eq!(decode(&file[..], &Limits::default()).unwrap().into_data_set(), set);
        assert_eq!(refusal(&file, &limits), message);
    }
}

#[test]
fn the_writer_says_what_cannot_be_written() {
    let name = |len: usize| Name::from("n".repeat(len).as_str());
    let with = |edit: &dyn Fn(&mut KeyEdit)| {
        let mut set = DataSet { registry: KeyEdit::root(), ..DataSet::default() };
        edit(set.registry.subkey_or(&Name::from("Software"), KeyAction::Ensure));
        encode(&set, &mut Vec::new()).map_err(|error| error.to_string())
    };
    assert!(with(&|key| key.insert_subkey(KeyEdit::new(name(255), KeyAction::Ensure))).is_ok());
    assert!(with(&|key| key.edit_value(ValueEdit::Delete(name(16_383)))).is_ok());
    assert_eq!(
        with(&|key| key.insert_subkey(KeyEdit::new(name(256), KeyAction::Ensure))).unwrap_err(),
        format!(
            "cannot encode the name of key Software\\{}: it is 256, more than the limit 255; leave it out of the data subset",
            "n".repeat(256)
        )
    );
    assert_eq!(
        with(&|key| key.edit_value(ValueEdit::Delete(name(16_384)))).unwrap_err(),
        "cannot encode a value's name of key Software: it is 16384, more than the limit 16383; leave it out of the data subset"
    );
    let deep = (0..600).fold(KeyEdit::default(), |below, _| {
        let mut key = KeyEdit::new("d", KeyAction::Ensure);
        key.insert_subkey(below);
        key
    });
    let message =
        encode(&DataSet { registry: deep, ..DataSet::default() }, &mut Vec::new()).unwrap_err().to_string();
    assert!(message.starts_with("cannot encode the depth of key d\\d"), "{message}");
    let disorder = with(&|key| {
        key.subkey_or(&Name::from("a"), KeyAction::Ensure).name = Name::from("z");
        key.insert_subkey(KeyEdit::new("b", KeyAction::Ensure));
        key.subkey_or(&Name::from("b"), KeyAction::Ensure).name = Name::from("Z");
    });
    assert!(disorder.unwrap_err().contains("does not sort after"));
    let path = |folder: &str| FilePath { folder: folder.to_owned(), components: vec![Name::from("f")] };
    let entry = |path| FileEntry { path, change: FileChange::Deleted, unknown: UnknownFields::default() };
    let files =
        |files| encode(&DataSet { files, ..DataSet::default() }, &mut Vec::new()).unwrap_err().to_string();
    assert_eq!(
        files(vec![entry(path("Favorites")), entry(path("Desktop"))]),
        "cannot encode file Desktop:f: it does not sort after the file before it"
    );
    let nameless = FilePath { folder: "Desktop".to_owned(), components: Vec::new() };
    assert_eq!(
        files(vec![entry(nameless)]),
        "cannot encode a file of folder Desktop: its path has no components"
    );
}
