//! The machine as a session host: which profiles it has, of which kind, and what a load of a hive remembers.

use crate::support::FakeUser;
use mp_dataset::{FileAttributes, FileContent, FilePath, ProfileKind};
use mp_profile::{FolderLocation, HostError, SessionHost};
use mp_registry::{FileTime, Key, KeyEdit, KeyPath, Registry, TakeAll, Value};
use mp_windows::{OpenMode, ProfileEntry, ProfileList, WindowsHost};

/// A profile list below a user's root, with what it says about that very user.
fn profile_list(user: &FakeUser, entries: &[(&str, &[Value])]) -> ProfileList {
    let mut tree = Key::new("");
    for (suffix, values) in entries {
        let key = tree.ensure(&KeyPath::parse(&format!("ProfileList\\{}{suffix}", user.sid)));
        values.iter().cloned().for_each(|value| key.set_value(value));
    }
    user.registry().apply(&KeyEdit::write(&tree)).unwrap();
    ProfileList::at(&format!(r"\Registry\User\{}\ProfileList", user.sid))
}

fn kind_of(suffix: &str, path: &str, state: Option<u32>, central: &str) -> ProfileKind {
    let user = FakeUser::new();
    let mut values = vec![Value::expand_sz("ProfileImagePath", path), Value::sz("CentralProfile", central)];
    values.extend(state.map(|bits| Value::dword("State", bits)));
    profile_list(&user, &[(suffix, &values)]).entry(&user.sid).unwrap().kind
}

#[test]
fn the_state_of_the_profile_list_tells_the_kind() {
    let (ada, central) = (r"C:\Users\ada", r"\\server\profiles\ada.V6");
    for (state, central, expected) in [
        (Some(0), "", ProfileKind::Local),
        (Some(0x100), "", ProfileKind::Local),
        (Some(0x4), "", ProfileKind::Local),
        (Some(0x21C), central, ProfileKind::Roaming),
        (Some(0x5), "", ProfileKind::Mandatory),
        (Some(0x1), central, ProfileKind::Mandatory),
        (Some(0x801), central, ProfileKind::Temporary),
        (Some(0x804), "", ProfileKind::Temporary),
        (Some(0x880), "", ProfileKind::Temporary),
        (Some(0x81), "", ProfileKind::Unknown),
        (None, "", ProfileKind::Unknown),
    ] {
        assert_eq!(kind_of("", ada, state, central), expected, "{state:#x?}");
    }
    for temporary in [r"C:\Users\TEMP", r"C:\Users\Temp.CONTOSO", r"D:\p\TEMP.CONTOSO.001\"] {
        assert_eq!(kind_of("", temporary, Some(0x5), ""), ProfileKind::Temporary, "{temporary}");
    }
    assert_eq!(kind_of("", r"C:\Users\template", Some(0x5), ""), ProfileKind::Mandatory);
    assert_eq!(kind_of(".bak", ada, Some(0), ""), ProfileKind::Temporary);
    assert_eq!(kind_of(".other", ada, Some(0), ""), ProfileKind::Unknown);
}

#[test]
fn a_profile_that_was_set_aside_means_that_a_temporary_one_is_in_use() {
    let user = FakeUser::new();
    let values = [Value::expand_sz("ProfileImagePath", r"C:\Users\ada"), Value::dword("State", 0)];
    let list = profile_list(&user, &[("", &values), (".bak", &values)]);
    assert_eq!(list.entry(&user.sid).unwrap().kind, ProfileKind::Temporary);
}

#[test]
fn variables_in_the_profile_path_are_replaced() {
    let user = FakeUser::new();
    let values = [Value::expand_sz("ProfileImagePath", r"%SystemDrive%\Users\ada"), Value::dword("State", 5)];
    let entry = profile_list(&user, &[("", &values)]).entry(&user.sid).unwrap();
    let folder = r"C:\Users\ada".encode_utf16().collect();
    assert_eq!(entry, ProfileEntry { kind: ProfileKind::Mandatory, folder: Some(folder) });
}

#[test]
fn a_host_opens_loaded_profiles_and_no_others() {
    let user = FakeUser::new();
    let folder = std::env::temp_dir().join(user.sid.as_str());
    std::fs::create_dir_all(&folder).unwrap();
    let values = [Value::expand_sz("ProfileImagePath", folder.to_str().unwrap()), Value::dword("State", 5)];
    let list = profile_list(&user, &[("", &values)]);
    let host = WindowsHost::new(list, OpenMode::AsGranted).unwrap();
    assert!(!host.name().is_empty() && !host.name().contains('\0'));

    let mut profile = host.open(&user.sid).unwrap();
    assert_eq!(profile.kind(), ProfileKind::Mandatory);
    let path = FilePath { folder: "Desktop".into(), components: vec!["a.txt".into()] };
    let content =
        FileContent { modified: FileTime(42), attributes: FileAttributes::default(), bytes: (*b"a").into() };
    profile.files().write(&path, &content).unwrap();
    assert_eq!(std::fs::read(folder.join("Desktop").join("a.txt")).unwrap(), b"a");
    let tree = profile.registry().read_tree(&KeyPath::root(), &mut TakeAll).unwrap().tree.unwrap();
    assert_eq!(tree.subkeys().len(), 1);
    assert_eq!(profile.marker().unwrap(), None);
    profile.set_marker(b"merged").unwrap();
    profile.close().unwrap();
    assert_eq!(host.open(&user.sid).unwrap().marker().unwrap().as_deref(), Some(&b"merged"[..]));
    std::fs::remove_dir_all(&folder).unwrap();

    let stranger = "S-1-5-21-1-1-1-1".parse().unwrap();
    assert!(matches!(host.open(&stranger).err(), Some(HostError::NotLoaded(sid)) if sid == stranger));
}

#[test]
fn a_user_whom_the_profile_list_does_not_know_has_no_folders() {
    let user = FakeUser::new();
    let host = WindowsHost::new(ProfileList::default(), OpenMode::AsGranted).unwrap();
    let mut profile = host.open(&user.sid).unwrap();
    assert_eq!(profile.kind(), ProfileKind::Unknown);
    assert_eq!(profile.files().locate("Desktop"), Ok(FolderLocation::Missing));
}
