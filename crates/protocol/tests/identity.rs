//! The identity folder, its certificates and join tokens.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    time::{Duration, SystemTime},
};

use mp_protocol::{
    Identity, IdentityError, JoinSecret, JoinToken, MachineId, MachineKey, MachineName, MachineRole,
    serial_text, test_authority::TestAuthority,
};
use proptest::prelude::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn agent(id: u8) -> MachineName {
    MachineName { role: MachineRole::Agent, id: MachineId::from_random([id; 16]) }
}

#[test]
fn an_identity_survives_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let made = TestAuthority::new().enrol(folder.path(), MachineRole::Storage, 3, &["localhost"]);
    let loaded = Identity::load(folder.path()).unwrap();
    assert_eq!(loaded.certificate(), made.certificate());
    assert_eq!(loaded.machine().to_string(), format!("urn:metaprofiles:storage:{}", "03".repeat(16)));
    assert_eq!(loaded.certificate().serial, "10");
    assert_eq!(loaded.console(), "https://localhost:1");
}

#[cfg(unix)]
#[test]
fn the_key_is_for_its_owner_alone_and_nothing_else_is_left_in_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new();
    for _ in 0..2 {
        drop(authority.enrol(folder.path(), MachineRole::Agent, 1, &[]));
    }
    let mode = fs::metadata(folder.path().join("key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["authority.pem", "certificate.pem", "console.json", "key.pem"]);
}

#[test]
fn says_what_is_wrong_with_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Identity::load(folder.path()), Err(IdentityError::NotEnrolled(_))));

    let authority = TestAuthority::new();
    drop(authority.enrol(folder.path(), MachineRole::Agent, 1, &[]));
    let other = tempfile::tempdir().unwrap();
    drop(authority.enrol(other.path(), MachineRole::Agent, 2, &[]));

    let damage = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        let before = fs::read(&path).unwrap();
        fs::write(&path, content).unwrap();
        let error = Identity::load(folder.path()).unwrap_err();
        fs::write(&path, before).unwrap();
        error
    };
    let other_certificate = fs::read(other.path().join("certificate.pem")).unwrap();
    assert!(matches!(damage("certificate.pem", &other_certificate), IdentityError::OtherKey));
    assert!(matches!(damage("certificate.pem", b"\xff"), IdentityError::Pem { .. }));
    assert!(matches!(damage("authority.pem", b"x"), IdentityError::Pem { .. }));
    assert!(matches!(damage("key.pem", b""), IdentityError::Key(_)));
    assert!(matches!(damage("key.pem", &vec![b'a'; 70_000]), IdentityError::File { doing: "read", .. }));
    assert!(matches!(damage("console.json", b"{}"), IdentityError::Console { .. }));
    Identity::load(folder.path()).unwrap();
}

#[test]
fn takes_no_answer_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (TestAuthority::new(), TestAuthority::new());
    let now = SystemTime::now();
    let create = |signer: &TestAuthority, token: &JoinToken, own_key: bool, at: SystemTime| {
        let key = MachineKey::generate().unwrap();
        let signed =
            if own_key { key.signing_request() } else { MachineKey::generate().unwrap().signing_request() };
        let answer = signer.sign(&agent(1), &signed.unwrap(), &[], now);
        Identity::create(folder.path(), key, token, "https://c", &answer, at)
    };
    let token = authority.token([1; 32]);
    assert!(matches!(create(&stranger, &token, true, now), Err(IdentityError::OtherAuthority)));
    assert!(matches!(create(&authority, &token, false, now), Err(IdentityError::OtherKey)));
    assert!(matches!(create(&authority, &token, true, now + 40 * DAY), Err(IdentityError::NotTrusted(_))));
    assert!(matches!(Identity::load(folder.path()), Err(IdentityError::NotEnrolled(_))));
    create(&authority, &token, true, now).unwrap();

    // The right authority beside a certificate that another one signed.
    let key = MachineKey::generate().unwrap();
    let mut answer = stranger.sign(&agent(1), &key.signing_request().unwrap(), &[], now);
    answer.authority = authority.sign(&agent(1), &key.signing_request().unwrap(), &[], now).authority;
    let created = Identity::create(folder.path(), key, &token, "https://c", &answer, now);
    assert!(matches!(created, Err(IdentityError::NotTrusted(_))));
}

#[test]
fn renews_in_the_last_third_for_the_same_machine_only() {
    let folder = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new();
    let mut identity = authority.enrol(folder.path(), MachineRole::Agent, 1, &[]);
    let now = SystemTime::now();
    assert!(!identity.certificate().is_due_for_renewal(now + 18 * DAY));
    assert!(identity.certificate().is_due_for_renewal(now + 20 * DAY));
    assert!(identity.certificate().is_valid_at(now + 28 * DAY));
    assert!(!identity.certificate().is_valid_at(now + 30 * DAY));

    let request = identity.signing_request().unwrap();
    let later = now + 25 * DAY;
    let wrong = authority.sign(&agent(2), &request, &[], later);
    assert!(matches!(identity.renew(&wrong, later), Err(IdentityError::OtherMachine)));
    let right = authority.sign(&agent(1), &request, &[], later);
    identity.renew(&right, later).unwrap();
    assert!(!identity.certificate().is_due_for_renewal(later));
    assert_eq!(Identity::load(folder.path()).unwrap().certificate(), identity.certificate());
}

#[test]
fn a_token_shows_its_secret_to_nobody() {
    let token = JoinToken::new([0xAB; 32], b"certificate");
    let text = token.reveal();
    assert!(text.starts_with("mpj1."));
    assert!(!format!("{token:?} {:?}", token.secret()).contains(&token.secret().reveal()));
    let sent: JoinSecret = token.secret().reveal().parse().unwrap();
    assert_eq!(sent.hash(), token.secret().hash());
    for bad in
        ["", "mpj1", "mpj2.a.b", &text[..text.len() - 1], &format!("{text}.x"), &text.replace("mpj1", "MPJ1")]
    {
        assert!(bad.parse::<JoinToken>().is_err(), "{bad}");
    }
    assert_eq!(format!(" {text}\n").parse::<JoinToken>().unwrap(), token);
}

#[test]
fn serial_numbers_have_one_form() {
    assert_eq!(serial_text(&[0, 0x0A, 0xFF]), "0aff");
    assert_eq!(serial_text(&[0, 0]), "");
}

proptest! {
    #[test]
    fn any_token_survives_its_text(secret: [u8; 32], certificate: Vec<u8>) {
        let token = JoinToken::new(secret, &certificate);
        prop_assert_eq!(token.reveal().parse::<JoinToken>().unwrap(), token);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text: String) {
        drop(text.parse::<JoinToken>());
    }
}
