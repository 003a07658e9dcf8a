//! Fields of later versions survive; what cannot survive is refused (`docs/formats/dataset.md`, section 8).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{bytes, cbor, content_of, decoded, encoded, file_of, map, record, sealed};
use mp_dataset::{DataSet, DecodeError, EncodeError, Limits, UnknownFields, check, decode, encode};
use mp_registry::{KeyAction, KeyEdit, Value};

/// A file as a later version of the same format could write it: one more field in the head, the origin and a file.
fn later_file() -> Vec<u8> {
    let labels = map(&[(0, cbor("Büro")), (9, cbor([1_u8, 2, 3]))]);
    let origin = map(&[(1, cbor("S-1-5-21-7")), (6, cbor("build 9")), (3, cbor("2.0")), (0, cbor(7_u8))]);
    let head = map(&[(77, labels), (1, origin), (4_000_000_000, cbor(true))]);
    let path = [bytes(b"Signatures"), bytes(b"me.txt")];
    let path = [&[0x82][..], &path.concat()].concat();
    let file = map(&[
        (1, cbor("RoamingAppData")),
        (2, path),
        (40, cbor(1_u8)),
        (6, bytes(b"hi")),
        (7, bytes(b"stream")),
    ]);
    file_of(&[record(1, &head), record(3, &file)].concat())
}

#[test]
fn fields_of_a_later_version_survive_a_read_and_a_write() {
    let set = decoded(&later_file());
    assert_eq!((set.origin.sid.as_str(), set.origin.software.as_str()), ("S-1-5-21-7", "2.0"));
    let keys = |fields: &UnknownFields| fields.0.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    assert_eq!(keys(&set.unknown), [77, 4_000_000_000]);
    assert_eq!(set.origin.unknown.0, [(6, cbor("build 9")), (0, cbor(7_u8))], "0 is a key like others");
    assert_eq!(set.files[0].unknown.0, [(40, cbor(1_u8)), (7, bytes(b"stream"))]);

    let mut edited = set.clone();
    let mut software = KeyEdit::new("Software", KeyAction::Ensure);
    software.edit_value(mp_registry::ValueEdit::Set(Value::dword("Seen", 1)));
    edited.registry.insert_subkey(software);
    let again = decoded(&encoded(&edited));
    assert_eq!(again, edited, "an old reader that changes a newer set keeps what it does not know");
    assert_eq!(again.unknown, set.unknown);
}

#[test]
fn a_later_format_version_is_refused_and_can_still_be_checked() {
    for (version, flags, message) in [
        (2, 0, "data set file of format version 2, this software reads version 1; update it"),
        (0, 0, "data set file of format version 0, this software reads version 1; update it"),
        (1, 0x0104, "data set file needs flags 0x4, which this software does not know; update it"),
    ] {
        let file = sealed(version, flags, 9, b"whatever that is");
        assert_eq!(decode(&file[..], &Limits::default()).unwrap_err().to_string(), message);
        assert_eq!(check(&file, &Limits::default()).unwrap().version, version);
    }
}

#[test]
fn a_flag_that_may_be_ignored_is_ignored() {
    let content = content_of(&encoded(&DataSet::default()));
    let file = sealed(1, 0x8100, content.len() as u64, &zstd::encode_all(&content[..], 3).unwrap());
    assert_eq!(decoded(&file), DataSet::default());
}

#[test]
fn an_unknown_dictionary_record_or_column_is_refused() {
    let mut other_dictionary = sealed(1, 0, 0, b"")[..32].to_vec();
    other_dictionary[12] = 9;
    let seal = blake3::hash(&other_dictionary);
    other_dictionary.extend_from_slice(seal.as_bytes());
    let head = record(1, &map(&[]));
    let column = record(2, &map(&[(1, cbor(0_u8)), (17, bytes(b"new"))]));
    for (file, message) in [
        (
            other_dictionary,
            "data set file needs dictionary 0x9, which this software does not know; update it",
        ),
        (
            file_of(&[&head[..], &record(9, b"")].concat()),
            "content, offset 11: expected a record that may stand here, found kind 9",
        ),
        (
            file_of(&[head, column].concat()),
            "registry record, offset 3: expected a column of this format version, found column 17",
        ),
    ] {
        assert_eq!(decode(&file[..], &Limits::default()).unwrap_err().to_string(), message);
    }
}

#[test]
fn what_is_kept_for_a_later_version_must_be_what_a_decoder_gave() {
    let kept = |fields: Vec<(u64, Vec<u8>)>| DataSet { unknown: UnknownFields(fields), ..DataSet::default() };
    for (fields, problem) in [
        (vec![(1, cbor(1_u8))], "the key itself"),
        (vec![(5, cbor(1_u8)), (5, cbor(2_u8))], "twice"),
        (vec![(5, vec![])], "not exactly one CBOR item"),
        (vec![(5, vec![1, 2])], "not exactly one CBOR item"),
        (vec![(5, [vec![0x81; 17], vec![0]].concat())], "nested too deep"),
    ] {
        let error = encode(&kept(fields), &mut Vec::new()).unwrap_err();
        assert!(matches!(error, EncodeError::UnknownField { map: "the head", .. }), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn a_field_may_occur_once() {
    let twice = |key| record(1, &map(&[(key, map(&[])), (key, map(&[]))]));
    for key in [1, 63, 64, 1_000_000] {
        let error = decode(&file_of(&twice(key))[..], &Limits::default()).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{error}");
        assert!(error.to_string().contains(&format!("field {key} twice")), "{error}");
    }
}
