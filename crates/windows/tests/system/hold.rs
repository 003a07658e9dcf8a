//! Keeping a profile loaded: the order of questions, on a recorded log, and the real calls.

use std::{
    io,
    sync::{Arc, Mutex},
};

use crate::support::FakeUser;
use mp_dataset::ProfileKind;
use mp_profile::{HostError, Sid};
use mp_registry::{Key, KeyEdit, KeyPath, Registry, Value};
use mp_windows::{
    LoadedProfile, ProfileEntry, ProfileList, ProfileLoader, SystemProfiles, UserToken, hold_profile,
};

/// A system that answers as it is told, and notes what it was asked.
#[derive(Default)]
struct Recorder {
    log: Mutex<Vec<&'static str>>,
    impersonating: bool,
    other: Option<&'static str>,
    absent: bool,
    kind: Option<ProfileKind>,
    /// What the profile list says after the load.
    kind_after: Option<ProfileKind>,
    gone_after: bool,
    unload_fails: bool,
}

impl Recorder {
    fn note(&self, call: &'static str) {
        self.log.lock().unwrap().push(call);
    }

    fn log(&self) -> Vec<&'static str> {
        self.log.lock().unwrap().clone()
    }

    fn was_loaded(&self) -> bool {
        self.log().contains(&"load")
    }
}

impl ProfileLoader for Recorder {
    fn is_impersonating(&self) -> io::Result<bool> {
        Ok(self.impersonating)
    }

    fn other_product(&self) -> io::Result<Option<&'static str>> {
        Ok(self.other)
    }

    fn is_loaded(&self, _: &Sid) -> io::Result<bool> {
        let after = self.was_loaded();
        self.note("is loaded");
        Ok(if after { !self.gone_after } else { !self.absent })
    }

    fn entry(&self, _: &Sid) -> io::Result<ProfileEntry> {
        let kind = if self.was_loaded() { self.kind_after.or(self.kind) } else { self.kind };
        self.note("entry");
        let folder = Some(r"C:\Users\ada".encode_utf16().collect());
        Ok(ProfileEntry { kind: kind.unwrap_or(ProfileKind::Mandatory), folder })
    }

    fn enable_privileges(&self) -> io::Result<()> {
        self.note("enable privileges");
        Ok(())
    }

    fn load(&self, _: &UserToken, user: &[u16]) -> io::Result<LoadedProfile> {
        assert_eq!(String::from_utf16_lossy(user), "ada\0");
        self.note("load");
        Ok(LoadedProfile(7))
    }

    fn unload(&self, _: &UserToken, profile: LoadedProfile) -> io::Result<()> {
        assert_eq!(profile, LoadedProfile(7));
        self.note("unload");
        if self.unload_fails { Err(io::Error::other("still open")) } else { Ok(()) }
    }
}

fn token() -> Arc<UserToken> {
    Arc::new(UserToken::of_process().unwrap())
}

const TAKEN: [&str; 6] = ["entry", "is loaded", "enable privileges", "load", "is loaded", "entry"];

#[test]
fn a_hold_is_taken_in_order_and_given_back_once() {
    let system = Arc::new(Recorder::default());
    let hold = hold_profile(system.clone(), token()).unwrap().unwrap();
    assert_eq!(system.log(), TAKEN);
    hold.release().unwrap();
    assert_eq!(system.log(), [TAKEN.as_slice(), &["unload"]].concat());

    let system = Arc::new(Recorder::default());
    drop(hold_profile(system.clone(), token()).unwrap());
    assert_eq!(system.log().last(), Some(&"unload"), "a forgotten hold is given back as well");
}

#[test]
fn a_failed_release_is_told() {
    let system = Arc::new(Recorder { unload_fails: true, ..Recorder::default() });
    let hold = hold_profile(system.clone(), token()).unwrap().unwrap();
    let told = hold.release().unwrap_err().to_string();
    assert!(told.contains("let the profile go") && told.contains("still open"), "{told}");
    assert_eq!(system.log().iter().filter(|&&call| call == "unload").count(), 1);
}

#[test]
fn nothing_is_loaded_where_it_could_do_harm() {
    let never = |system: Recorder| {
        let system = Arc::new(system);
        let held = hold_profile(system.clone(), token());
        assert!(!system.was_loaded());
        held
    };
    for kind in [ProfileKind::Local, ProfileKind::Roaming, ProfileKind::Temporary, ProfileKind::Unknown] {
        assert!(never(Recorder { kind: Some(kind), ..Recorder::default() }).unwrap().is_none(), "{kind:?}");
    }
    assert!(never(Recorder { other: Some("FSLogix"), ..Recorder::default() }).unwrap().is_none());
    let gone = never(Recorder { absent: true, ..Recorder::default() }).err();
    assert!(matches!(gone, Some(HostError::NotLoaded(_))), "{gone:?}");
    assert!(never(Recorder { impersonating: true, ..Recorder::default() }).is_err());
}

#[test]
fn a_load_of_another_profile_is_undone() {
    for system in [
        Recorder { kind_after: Some(ProfileKind::Local), ..Recorder::default() },
        Recorder { kind_after: Some(ProfileKind::Temporary), ..Recorder::default() },
        Recorder { gone_after: true, ..Recorder::default() },
    ] {
        let system = Arc::new(system);
        assert!(hold_profile(system.clone(), token()).is_err());
        assert_eq!(system.log().last(), Some(&"unload"));
    }
}

#[test]
fn the_systems_own_calls_are_made() {
    let token = UserToken::of_process().unwrap();
    let system = SystemProfiles::default();
    assert!(!system.is_impersonating().unwrap());
    let guard = token.impersonate().unwrap();
    assert!(system.is_impersonating().unwrap());
    drop(guard);
    assert!(system.is_loaded(token.sid()).unwrap());
    assert!(!system.is_loaded(&"S-1-5-21-1-1-1-1".parse().unwrap()).unwrap());
    system.enable_privileges().unwrap();
    let name: Vec<u16> = "ada".encode_utf16().collect();
    let profile = system.load(&token, &name).unwrap();
    // Wine's call is a stub that says no without a reason.
    system.unload(&token, profile).unwrap();
}

#[test]
fn other_profile_products_are_noticed() {
    for (key, value, product) in [
        (r"SOFTWARE\FSLogix\Profiles", "Enabled", "FSLogix Profile Container"),
        (r"SOFTWARE\Policies\Citrix\UserProfileManager", "ServiceActive", "Citrix Profile Management"),
        (
            r"SYSTEM\CurrentControlSet\Control\Terminal Server\ClusterSettings",
            "UvhdEnabled",
            "User Profile Disks",
        ),
    ] {
        let user = FakeUser::new();
        let machine = format!(r"\Registry\User\{}", user.sid);
        let found = || SystemProfiles::at(ProfileList::default(), &machine).other_product().unwrap();
        assert_eq!(found(), None);
        for (switch, expected) in [(0, None), (1, Some(product))] {
            let mut tree = Key::new("");
            tree.ensure(&KeyPath::parse(key)).set_value(Value::dword(value, switch));
            user.registry().apply(&KeyEdit::write(&tree)).unwrap();
            assert_eq!(found(), expected, "{product} {switch}");
        }
    }
}
