//! What travels in headers and bodies.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use mp_profile::{Fetched, Scope, VersionTag};
use mp_protocol::{
    EnrolRequest, MachineRole, ReceivedSet, UserDataSet,
    client::{ApiRequest, Method},
    decode_user_data_sets,
    dictionaries::{accepts_deltas, offer, parse_hash, parse_id},
    digest::{content_digest, digest_matches},
    encode_user_data_sets, etag,
};
use proptest::prelude::*;

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Global),
        "[a-z0-9][A-Za-z0-9_-]{3,20}x".prop_map(|name| Scope::Group(name.parse().unwrap()))
    ]
}

fn tag() -> impl Strategy<Value = VersionTag> {
    "[!#-~]{1,128}".prop_map(|inner| VersionTag(format!("\"{inner}\"")))
}

#[test]
fn printing_a_request_shows_no_secret() {
    let secret = "c2VjcmV0";
    let enrol = EnrolRequest {
        secret: secret.to_owned(),
        role: MachineRole::Agent,
        name: "TS01".to_owned(),
        addresses: Vec::new(),
        csr: "-----BEGIN".to_owned(),
    };
    let text = format!("{enrol:?}");
    assert!(text.contains("TS01") && text.contains("***") && !text.contains(secret), "{text}");
    let call = ApiRequest {
        method: Method::POST,
        path: "/api/v1/sessions",
        token: Some(secret),
        if_match: None,
        body: Some(("application/json", secret.as_bytes())),
    };
    let text = format!("{call:?}");
    let bytes = format!("{:?}", secret.as_bytes());
    assert!(text.contains("/api/v1/sessions") && !text.contains(secret) && !text.contains(&bytes), "{text}");
}

#[test]
fn a_digest_is_that_of_rfc_9530() {
    // RFC 9530, appendix B.1: the body {"hello": "world"} and a line feed.
    let body = b"{\"hello\": \"world\"}\n";
    let header = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    assert_eq!(content_digest(body), header);
    assert!(digest_matches(&format!("sha-512=:AAAA:, {header}"), body));
    assert!(!digest_matches(header, b"{\"hello\": \"world\"}"));
    assert!(!digest_matches("", b""));
}

#[test]
fn refuses_headers_that_are_not_well_formed() {
    for bad in [
        "global",
        "global x",
        "global \"a",
        "global \"\"",
        "global \"a\" \"b\"",
        "global \"a\",",
        "group:.. \"a\"",
        "elsewhere \"a\"",
        &["global \"a\""; 9].join(", "),
        &format!("global \"{}\"", "a".repeat(129)),
    ] {
        assert_eq!(etag::parse_held(bad), None, "{bad}");
    }
    assert_eq!(etag::parse_held(" "), Some(Vec::new()));
    assert!(!etag::is_strong("W/\"a\"") && !etag::is_strong("\"a\r\n\"") && !etag::is_strong("\""));
}

#[test]
fn headers_of_dictionaries_are_those_of_rfc_9842() {
    // RFC 9842, section 2.2.
    let header = ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:";
    let hash = parse_hash(header).unwrap();
    assert_eq!((hash[0], hash[31]), (0xA5, 0x6E));
    for bad in ["", ":", "::", &header[1..], ":AAAA:", "?1", ":not base64:"] {
        assert_eq!(parse_hash(bad), None, "{bad}");
    }
    for yes in ["dcz", "gzip, br;q=0.5 , DCZ", "dcz;q=0.001"] {
        assert!(accepts_deltas(yes), "{yes}");
    }
    for no in ["", "gzip", "*", "dcz;q=0", "gzip, dcz; q=0.000", "dczx"] {
        assert!(!accepts_deltas(no), "{no}");
    }
    assert_eq!(parse_id("\"1-ab\""), Some(VersionTag("\"1-ab\"".to_owned())));
    for bad in ["", "1-ab", "\"\"", "\"a\\\"\"", "\"a", "W/\"a\""] {
        assert_eq!(parse_id(bad), None, "{bad}");
    }
}

#[test]
fn refuses_bodies_that_are_not_well_formed() {
    let tag = VersionTag("\"a\"".to_owned());
    let body = encode_user_data_sets(&[(Scope::Global, UserDataSet::Data(&tag, b"content"))]);
    decode_user_data_sets(&body).unwrap();
    for end in 0..body.len() {
        decode_user_data_sets(&body[..end]).unwrap_err();
    }
    decode_user_data_sets(&[&body[..], b"x"].concat()).unwrap_err();
    // Data without a version, an endless array, a length that is a lie.
    decode_user_data_sets(b"\x81\x84\x66global\x02\xf6\x41a").unwrap_err();
    decode_user_data_sets(b"\x9f\xff").unwrap_err();
    decode_user_data_sets(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff").unwrap_err();
    decode_user_data_sets(b"\x81\x84\x66global\x02\x63\"a\"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff")
        .unwrap_err();
}

proptest! {
    #[test]
    fn what_is_held_survives_its_header(held in prop::collection::vec((scope(), tag()), 0..8)) {
        let header = etag::held_header(held.iter().map(|(scope, tag)| (scope, tag))).unwrap_or_default();
        prop_assert_eq!(etag::parse_held(&header), Some(held));
    }

    #[test]
    fn data_sets_survive_their_body(
        sets in prop::collection::vec((scope(), 0..4, tag(), any::<Vec<u8>>()), 0..8)
    ) {
        let sent: Vec<_> = sets.iter().map(|(scope, kind, tag, bytes)| (scope.clone(), match kind {
            0 => UserDataSet::None,
            1 => UserDataSet::NotModified,
            2 => UserDataSet::Data(tag, bytes),
            _ => UserDataSet::Delta(tag, bytes),
        })).collect();
        let expected: Vec<_> = sets.iter().map(|(scope, kind, version, bytes)| (scope.clone(), match kind {
            0 => ReceivedSet::Whole(Fetched::None),
            1 => ReceivedSet::Whole(Fetched::NotModified),
            2 => ReceivedSet::Whole(Fetched::Data { version: version.clone(), bytes: bytes.clone() }),
            _ => ReceivedSet::Delta { version: version.clone(), delta: bytes.clone() },
        })).collect();
        prop_assert_eq!(decode_user_data_sets(&encode_user_data_sets(&sent)).unwrap(), expected);
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes: Vec<u8>, text: String) {
        drop(decode_user_data_sets(&bytes));
        drop(etag::parse_held(&text));
        drop((accepts_deltas(&text), parse_hash(&text), parse_id(&text)));
    }

    #[test]
    fn what_is_offered_survives_its_headers(version in tag(), hash: [u8; 32]) {
        match offer(&version, &hash) {
            Some([(_, coding), (_, available), (_, id)]) => {
                prop_assert!(accepts_deltas(&coding));
                prop_assert_eq!(parse_hash(&available), Some(hash));
                prop_assert_eq!(parse_id(&id), Some(version));
            }
            None => prop_assert!(version.0.contains('\\'), "a string of RFC 9651 escapes it"),
        }
    }
}
