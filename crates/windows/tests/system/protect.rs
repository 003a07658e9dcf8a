//! The access list of a mandatory hive.

use crate::support::{FakeUser, dacl, set_dacl, try_create_key};
use mp_registry::{Key, KeyEdit, KeyPath, Registry, RegistryErrorKind};
use mp_windows::{OpenMode, Protection, protect_hive};

const OTHER: &str = "S-1-5-21-9-9-9-1234";

/// A mandatory hive as administrators make them: everybody may do everything, and the template's user is still in it.
fn mandatory(keys: &[&str]) -> FakeUser {
    let mut user = FakeUser::new();
    let mut tree = Key::new("");
    keys.iter().for_each(|key| _ = tree.ensure(&KeyPath::parse(key)));
    user.registry().apply(&KeyEdit::write(&tree)).unwrap();
    user.create_key("_Classes");
    for key in ["", "_Classes"] {
        set(&user, key, &format!("D:P(A;CI;KA;;;AU)(A;CI;KA;;;WD)(A;CI;KA;;;{OTHER})(A;CI;KA;;;SY)"));
    }
    for key in keys {
        let path = KeyPath::parse(key);
        for depth in 1..=path.depth() {
            let path: KeyPath = path.names()[..depth].iter().cloned().collect();
            set(
                &user,
                &format!("\\{path}"),
                &format!("D:AI(A;CIID;KA;;;AU)(A;CIID;KA;;;{OTHER})(A;CIID;KA;;;SY)"),
            );
        }
    }
    user
}

fn set(user: &FakeUser, key: &str, sddl: &str) {
    set_dacl(&try_create_key(&format!("{}{key}", user.sid), 0).unwrap(), sddl);
}

fn list(user: &FakeUser, key: &str) -> String {
    dacl(&try_create_key(&format!("{}{key}", user.sid), 0).unwrap())
}

fn protect(user: &FakeUser) -> Protection {
    protect_hive(&user.sid, OpenMode::AsGranted).unwrap().unwrap()
}

/// The entries of a list in text form, without the flags before them.
fn entries(list: &str) -> Vec<String> {
    list.split(['(', ')']).filter(|part| part.contains(';')).map(str::to_owned).collect()
}

/// What an ordinary profile's hive has; `ID` is added where it is inherited.
fn ordinary(user: &FakeUser, rights: &str, flags: &str) -> Vec<String> {
    let sid = user.sid.as_str();
    [(rights, sid), ("KA", "SY"), ("KA", "BA"), ("KR", "RC"), ("KR", "AC")]
        .map(|(rights, who)| format!("A;{flags};{rights};;;{who}"))
        .to_vec()
}

fn is(user: &FakeUser, key: &str, expected: &[String]) {
    let found = list(user, key).replace("S-1-15-2-1", "AC");
    assert_eq!(entries(&found), expected, "{key}: {found}");
}

#[test]
fn other_users_and_everybody_lose_the_hive_and_all_below_it() {
    let user = mandatory(&[r"Software\Vendor\App", "Environment"]);
    let done = protect(&user);
    assert!(done.problems.is_empty(), "{:?}", done.problems);
    assert_eq!((done.keys, done.changed), (7, 7), "two roots, four keys, and that of policies");
    is(&user, "", &ordinary(&user, "KA", "CI"));
    is(&user, "_Classes", &ordinary(&user, "KA", "CI"));
    assert!(list(&user, "").starts_with("D:P"), "the root inherits nothing");
    for key in [r"\Software", r"\Software\Vendor", r"\Software\Vendor\App", r"\Environment"] {
        is(&user, key, &ordinary(&user, "KA", "CIID"));
    }
    let again = protect(&user);
    assert_eq!((again.keys, again.changed, again.made), (7, 0, 0), "what is so stays so");
}

#[test]
fn policies_can_only_be_read_by_the_user() {
    let policies = [
        r"Software\Policies\Microsoft\Office",
        r"Software\Microsoft\Windows\CurrentVersion\Policies\Explorer",
    ];
    let own = r"Software\Policies\Own";
    let user = mandatory(&[policies[0], policies[1], own]);
    // A policy key that was given to everybody by hand.
    set(&user, &format!("\\{own}"), "D:P(A;CI;GA;;;AU)(A;CI;GA;;;BA)");
    protect(&user);
    for key in [r"\Software\Policies", r"\Software\Microsoft\Windows\CurrentVersion\Policies"] {
        is(&user, key, &ordinary(&user, "KR", "CI"));
        assert!(list(&user, key).starts_with("D:P"), "the user's rights above do not reach it");
    }
    for key in policies {
        is(&user, &format!("\\{key}"), &ordinary(&user, "KR", "CIID"));
    }
    let own = entries(&list(&user, &format!("\\{own}")));
    assert_eq!(own[0], format!("A;CI;KR;;;{}", user.sid), "reading is what is left of all rights");
}

#[test]
fn keys_of_policies_are_made_before_the_user_makes_them() {
    let user = mandatory(&[r"Software\Microsoft\Windows\CurrentVersion\Explorer"]);
    assert_eq!(protect(&user).made, 2);
    for key in [r"\Software\Policies", r"\Software\Microsoft\Windows\CurrentVersion\Policies"] {
        is(&user, key, &ordinary(&user, "KR", "CI"));
    }
    let bare = mandatory(&["Environment"]);
    assert_eq!(protect(&bare).made, 0, "nothing is made above them");
}

#[test]
fn denials_and_what_a_key_has_of_its_own_stay() {
    let user = mandatory(&[r"Software\Denied", r"Software\ReadOnly"]);
    let sid = user.sid.clone();
    set(&user, r"\Software\Denied", &format!("D:AI(D;;KW;;;{sid})(A;CIID;KA;;;AU)"));
    set(&user, r"\Software\ReadOnly", &format!("D:P(A;CI;KR;;;BU)(A;CI;KA;;;BA)(A;CI;KA;;;{OTHER})"));
    protect(&user);
    let denied = entries(&list(&user, r"\Software\Denied"));
    assert!(denied[0].starts_with("D;;") && denied[0].ends_with(sid.as_str()), "{denied:?}");
    assert_eq!(denied.len(), 6, "and what is inherited");
    let own = [format!("A;CI;KR;;;{sid}"), "A;CI;KA;;;BA".to_owned()];
    is(&user, r"\Software\ReadOnly", &own);
}

#[test]
fn links_are_refused() {
    let user = mandatory(&[r"Software\Target\Below", r"Software\Holder"]);
    user.create_link(r"Software\Holder\Link", "Software\\Target");
    let before = list(&user, r"\Software\Target");
    let done = protect(&user);
    let refused: Vec<_> =
        done.problems.iter().map(|problem| (problem.path.to_string(), &problem.cause)).collect();
    assert_eq!(refused, [(r"Software\Holder\Link".to_owned(), &RegistryErrorKind::SymbolicLink)]);
    assert_ne!(list(&user, r"\Software\Target"), before, "it is done where it is");
    assert_eq!(done.keys, 7, "and once");
}

#[test]
fn a_user_without_a_hive_has_nothing_to_protect() {
    let stranger = "S-1-5-21-1-1-1-1".parse().unwrap();
    assert!(protect_hive(&stranger, OpenMode::AsGranted).unwrap().is_none());
}
