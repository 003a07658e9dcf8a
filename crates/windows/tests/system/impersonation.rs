//! Whose rights are used when the profile of a user is touched.

use std::{fs, ptr::null_mut, sync::Arc};

use crate::support::FakeUser;
use mp_dataset::FilePath;
use mp_profile::{FileFilter, HostError, SessionHost};
use mp_registry::{Key, KeyEdit, KeyPath, Registry, Value};
use mp_windows::{LiveRegistry, OpenMode, ProfileList, UserToken, UserTokens, WindowsHost};
use windows_sys::Win32::{
    Foundation::CloseHandle,
    Security::TOKEN_QUERY,
    System::Threading::{GetCurrentThread, OpenThreadToken},
};

/// Whether the thread acts with a token of its own.
fn acts_as_user() -> bool {
    let mut token = null_mut();
    // SAFETY: the result has a valid place; the token is closed if there is one.
    unsafe {
        let open = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, 1, &raw mut token) != 0;
        open && CloseHandle(token) != 0
    }
}

#[test]
fn a_guard_impersonates_and_its_end_reverts() {
    let token = UserToken::of_process().unwrap();
    assert!(!acts_as_user());
    let guard = token.impersonate().unwrap();
    assert!(acts_as_user());
    drop(guard);
    assert!(!acts_as_user());
}

#[test]
fn a_panic_reverts_as_well() {
    let token = UserToken::of_process().unwrap();
    let panicked = std::panic::catch_unwind(|| {
        let _guard = token.impersonate().unwrap();
        assert!(acts_as_user());
        panic!("in the middle of it");
    });
    assert!(panicked.is_err() && !acts_as_user());
}

#[test]
fn an_inner_guard_gives_the_thread_back_to_the_outer_one() {
    let token = UserToken::of_process().unwrap();
    let outer = token.impersonate().unwrap();
    drop(token.impersonate().unwrap());
    assert!(acts_as_user(), "the outer one still holds");
    drop(outer);
    assert!(!acts_as_user());
}

#[test]
fn tokens_are_kept_by_user_and_forgotten() {
    let tokens = UserTokens::default();
    let sid = UserToken::of_process().unwrap().sid().clone();
    assert!(tokens.of(&sid).is_none());
    tokens.keep(UserToken::of_process().unwrap());
    assert_eq!(tokens.of(&sid).unwrap().sid(), &sid);
    tokens.forget(&sid);
    assert!(tokens.of(&sid).is_none());
}

#[test]
fn the_service_leaves_a_profile_alone_without_a_token() {
    let user = FakeUser::new();
    let host = WindowsHost::for_service(ProfileList::default(), OpenMode::AsGranted, Arc::default()).unwrap();
    let refused = host.open(&user.sid).err();
    assert!(matches!(&refused, Some(HostError::NoToken(sid)) if *sid == user.sid), "{refused:?}");
    let by_hand = WindowsHost::new(ProfileList::default(), OpenMode::AsGranted).unwrap();
    assert!(by_hand.open(&user.sid).is_ok(), "a person who calls the program acts as themselves");
}

/// Notes as whom the thread acts while files are listed.
#[derive(Default)]
struct Witness(Vec<bool>);

impl FileFilter for Witness {
    fn enter(&mut self, _: &FilePath) -> bool {
        self.0.push(acts_as_user());
        true
    }

    fn take(&mut self, _: &FilePath) -> bool {
        self.0.push(acts_as_user());
        true
    }
}

#[test]
fn the_service_touches_files_and_writes_settings_as_the_user() {
    // The user as whom the tests run has a token and, under Wine, a hive.
    let token = UserToken::of_process().unwrap();
    let sid = token.sid().clone();
    let folder = std::env::temp_dir().join(format!("as-user-{}", std::process::id()));
    fs::create_dir_all(folder.join("Desktop")).unwrap();
    fs::write(folder.join("Desktop").join("a.txt"), "a").unwrap();
    let place = format!("Software\\as-user-{}", std::process::id());
    let mut list = Key::new("");
    let entry = list.ensure(&KeyPath::parse(&format!("{place}\\{sid}")));
    entry.set_value(Value::expand_sz("ProfileImagePath", folder.to_str().unwrap()));
    entry.set_value(Value::dword("State", 5));
    let mut registry = LiveRegistry::open(&sid, OpenMode::AsGranted).unwrap().expect("a hive of our own");
    registry.apply(&KeyEdit::write(&list)).unwrap();

    let tokens = Arc::new(UserTokens::default());
    tokens.keep(token);
    let profiles = ProfileList::at(&format!(r"\Registry\User\{sid}\{place}"));
    let host = WindowsHost::for_service(profiles, OpenMode::AsGranted, tokens).unwrap();
    let mut profile = host.open(&sid).unwrap();
    let mut witness = Witness::default();
    // The folder may be elsewhere for this user; the profile folder itself is where we say.
    let listing = profile.files().list("Profile", &[], true, &mut witness).unwrap();
    assert_eq!(listing.files.len(), 1);
    assert_eq!(witness.0, [true, true], "each question was asked as the user");
    assert!(!acts_as_user());
    let mut tree = Key::new("");
    tree.ensure(&KeyPath::parse(&place)).set_value(Value::sz("written", "as the user"));
    let applied = profile.registry().apply(&KeyEdit::write(&tree)).unwrap();
    assert_eq!((applied.values_written, applied.problems.len()), (1, 0));
    assert!(!acts_as_user());

    let mut undo = KeyEdit::root();
    let (parent, name) = (KeyPath::parse("Software"), place.trim_start_matches("Software\\"));
    undo.at_or_pass(&parent).insert_subkey(KeyEdit::new(name, mp_registry::KeyAction::Delete));
    registry.apply(&undo).unwrap();
    fs::remove_dir_all(&folder).unwrap();
}
