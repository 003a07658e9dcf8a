//! Intact content that a writer would never write is refused, so that nothing is dropped or taken twice in silence.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{bytes, cbor, file_of, map, record, sealed};
use mp_dataset::{Limits, decode};

fn refusal(records: &[Vec<u8>]) -> String {
    let content = [&[record(1, &map(&[]))], records].concat().concat();
    decode(&file_of(&content)[..], &Limits::default()).unwrap_err().to_string()
}

fn registry(shape: &[u8], keys: &[u8], values: &[u8]) -> Vec<u8> {
    let count = |names: &[u8]| names.iter().filter(|&&byte| byte == 0).count() as u64;
    record(
        2,
        &map(&[
            (1, cbor(count(keys))),
            (2, cbor(count(values))),
            (3, bytes(shape)),
            (5, bytes(&vec![0; values.iter().filter(|&&byte| byte == 0).count()])),
            (8, bytes(keys)),
            (9, bytes(values)),
        ]),
    )
}

fn file(name: &str, more: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let path = [&[0x81][..], &bytes(name.as_bytes())].concat();
    record(3, &map(&[&[(1, cbor("Desktop")), (2, path)], more].concat()))
}

#[test]
fn keys_and_values_are_in_order_and_occur_once() {
    for values in [&b"b\0a\0"[..], b"a\0a\0", b"a\0A\0"] {
        assert_eq!(
            refusal(&[registry(&[2, 0], b"\0", values)]),
            "registry record, column value names, offset 2: expected value names in order, each once, found disorder in \
             key \"\""
        );
    }
    for keys in [&b"\0b\0a\0"[..], b"\0a\0a\0", b"\0a\0A\0"] {
        assert_eq!(
            refusal(&[registry(&[0, 2, 0, 0, 0, 0], keys, b"")]),
            "registry record, column key names, offset 3: expected key names in order, each once, found disorder in key \"\""
        );
    }
}

#[test]
fn files_are_in_order_and_occur_once() {
    let gone = |name| file(name, &[(3, cbor(1))]);
    for (first, second) in [("b", "a"), ("a", "a"), ("a", "A")] {
        assert_eq!(
            refusal(&[gone(first), gone(second)]),
            format!("file record 1, offset 0: expected files in order, each once, found Desktop:{second}")
        );
    }
}

#[test]
fn a_file_has_a_path_and_is_either_kept_or_deleted() {
    let both = file("a", &[(3, cbor(1)), (6, bytes(b"x"))]);
    assert!(refusal(&[both]).ends_with("expected content or a tombstone, found a tombstone with content"));
    assert!(refusal(&[file("a", &[])]).ends_with("expected content or a tombstone, found neither"));
    assert!(refusal(&[file("a", &[(3, cbor(2))])]).ends_with("expected a tombstone of 1, found 2"));
    let no_path = record(3, &map(&[(1, cbor("Desktop")), (2, cbor([0_u8; 0])), (3, cbor(1))]));
    let no_folder = record(3, &map(&[(2, [&[0x81][..], &bytes(b"a")].concat()), (3, cbor(1))]));
    for nameless in [no_path, no_folder] {
        assert!(refusal(&[nameless]).ends_with("expected a folder and a path, found a file without"));
    }
}

#[test]
fn records_are_in_order_and_whole() {
    let registry = || registry(&[0, 0], b"\0", b"");
    let gone = file("a", &[(3, cbor(1))]);
    for records in [vec![registry(), registry()], vec![gone, registry()], vec![record(1, &map(&[]))]] {
        assert!(refusal(&records).contains("expected a record that may stand here"));
    }
    assert!(
        refusal(&[vec![3, 9, 0, 0, 0, 0xA0]])
            .contains("expected a record that fits into the content, found 9 bytes")
    );
    assert!(refusal(&[vec![3, 9]]).contains("expected the 5 bytes before a record's payload, found 2 bytes"));
    assert!(
        refusal(&[vec![3, 0, 0, 0, 0]]).starts_with("file record 0"),
        "a record without payload is one nevertheless"
    );
    assert!(refusal(&[record(3, b"\xA0\xA0")]).contains("expected the end of the map, found 1 more bytes"));
    assert!(refusal(&[record(3, b"\xBF\xFF")]).contains("expected a map of definite length"));
}

#[test]
fn content_is_as_long_as_the_header_says() {
    let head = record(1, &map(&[]));
    let whole = head.len() as u64;
    let refusal = |said: u64| {
        let file = sealed(1, 0, said, &zstd::encode_all(&head[..], 3).unwrap());
        decode(&file[..], &Limits::default()).unwrap_err().to_string()
    };
    for said in 1..5 {
        let message = format!("expected the 5 bytes before a record's payload, found {said} bytes");
        assert!(refusal(said).contains(&message), "{said}: {}", refusal(said));
    }
    assert!(refusal(5).contains("expected a record that fits into the content, found 1 bytes"));
    assert!(refusal(whole + 1).contains("expected the 5 bytes before a record's payload, found 1 bytes"));
    assert!(refusal(whole + 5).contains("expected content as long as the header says, found its end"));
}
