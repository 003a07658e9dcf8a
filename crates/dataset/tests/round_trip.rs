//! Whatever a data set holds comes back exactly, and whatever happens to its file on the way is noticed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{data_sets, decoded, encoded};
use mp_dataset::{Checker, DecodeError, HEADER_LEN, Intact, Limits, Unverified, check, decode};
use proptest::prelude::*;

/// Whose data set an intact file is, or why it is none: as decoding tells, and as checking tells.
fn both_ways(file: &[u8]) -> [Result<String, String>; 2] {
    let limits = Limits::default();
    let decoded = decode(file, &limits).map(|set| set.into_data_set().origin);
    let checked = Intact::check(file, &limits).and_then(|intact| intact.check_content(&limits));
    [decoded, checked].map(|origin| origin.map(|origin| origin.sid).map_err(|error| error.to_string()))
}

/// Bodies that are no frame alone, or not of the length that the header states.
#[test]
fn checking_tells_what_decoding_tells() {
    let content = common::content_of(&encoded(&Default::default()));
    let sound = common::written(&content);
    let body = &sound[HEADER_LEN..];
    let len = content.len() as u64;
    let twice = [body, body].concat();
    let with = |len: u64, body: &[u8]| common::sealed_with(1, 0, 1, len, body);
    assert!(both_ways(&with(len, body)).iter().all(Result::is_ok));
    let cut = &body[..body.len() - 1];
    let cases = [
        (len + 1, body),
        (len - 1, body),
        (0, body),
        (len, &twice[..]),
        (len * 2, &twice),
        (len, cut),
        (len, b""),
    ];
    for (len, body) in cases {
        let [decoded, checked] = both_ways(&with(len, body));
        assert!(decoded.is_err(), "{len} {}", body.len());
        assert_eq!(decoded, checked, "{len} {}", body.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn comes_back_exactly(set in data_sets()) {
        let file = encoded(&set);
        let verified = decode(&file[..], &Limits::default()).unwrap();
        prop_assert_eq!(verified.data_set(), &set);
        prop_assert_eq!(encoded(&set), encoded(verified.data_set()), "same set, same bytes");
        let intact = Intact::check(&file, &Limits::default()).unwrap();
        prop_assert_eq!(&intact.origin(&Limits::default()).unwrap(), &set.origin);
        prop_assert_eq!(&intact.check_content(&Limits::default()).unwrap(), &set.origin);
        prop_assert_eq!(check(&file, &Limits::default()).unwrap().digest, verified.digest());
    }

    #[test]
    fn one_changed_byte_is_noticed(set in data_sets(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mut file = encoded(&set);
        let at = at.index(file.len());
        file[at] ^= flip;
        prop_assert!(decode(&file[..], &Limits::default()).is_err(), "byte {} ^ {:#x}", at, flip);
        prop_assert!(check(&file, &Limits::default()).is_err());
    }

    #[test]
    fn a_cut_or_longer_file_is_noticed(set in data_sets(), at in any::<prop::sample::Index>()) {
        let mut file = encoded(&set);
        let cut = &file[..at.index(file.len())];
        prop_assert!(decode(cut, &Limits::default()).is_err());
        prop_assert!(check(cut, &Limits::default()).is_err());
        file.push(0);
        let is_length = |error| matches!(error, DecodeError::Length { what: "body", .. });
        prop_assert!(is_length(decode(&file[..], &Limits::default()).unwrap_err()));
        prop_assert!(is_length(check(&file, &Limits::default()).unwrap_err()));
    }

    /// Behind an intact seal (a hostile writer's) damaged content gives an error or a set, never a panic; and a set that
    /// was accepted can be written and read again.
    #[test]
    fn damaged_content_never_panics(
        set in data_sets(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut content = common::content_of(&encoded(&set));
        for (at, byte) in edits {
            let at = at.index(content.len());
            content[at] = byte;
        }
        if let Ok(verified) = decode(&common::file_of(&content)[..], &Limits::default()) {
            prop_assert_eq!(&decoded(&encoded(verified.data_set())), verified.data_set());
        }
        let [told, found] = both_ways(&common::written(&content));
        prop_assert_eq!(told, found);
    }

    #[test]
    fn a_damaged_body_never_panics(body in prop::collection::vec(any::<u8>(), 0..200), len in 0_u64..300) {
        prop_assert!(decode(&common::sealed(1, 0, len, &body)[..], &Limits::default()).is_err());
    }
}

#[test]
fn a_checker_takes_a_file_in_any_pieces() {
    let file = encoded(&decoded(&encoded(&mp_dataset::DataSet::default())));
    for size in 1..file.len() {
        let mut checker = Checker::new(Limits::default());
        file.chunks(size).for_each(|piece| checker.update(piece).unwrap());
        assert_eq!(checker.finish().unwrap().file_len(), file.len() as u64);
    }
}

#[test]
fn nothing_is_given_before_it_is_verified() {
    let mut file = encoded(&mp_dataset::DataSet::default());
    let last = file.len() - 1;
    file[last] ^= 1;
    let unverified = Unverified::read(&file[..], &Limits::default()).unwrap();
    assert!(matches!(Intact::check(&file, &Limits::default()), Err(DecodeError::Seal { .. })));
    let error = unverified.verify(&Limits::default()).unwrap_err();
    assert!(matches!(error, DecodeError::Seal { .. }), "{error}");
    assert!(error.to_string().contains("damaged"), "{error}");
}
