//! What can be seen of the machine, and what of it is other than before.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    os::windows::ffi::OsStringExt,
    path::PathBuf,
};

use mp_agent::recording::{KeysProbe, Seen};
use mp_profile::{SessionId, Sid};
use mp_registry::{KeyPath, Registry};
use mp_windows::{
    LiveRegistry, OpenMode, ProfileEntry, ProfileList, RunningProgram, SeenSession, SettingsKey, hive_access,
    loaded_users, running_programs, seen_sessions,
};

use crate::check::keys;

/// Programs that matter.
const PROGRAMS: [&str; 7] = [
    "explorer.exe",
    "gpscript.exe",
    "metaprofiles-agent.exe",
    "rdpinit.exe",
    "rdpshell.exe",
    "userinit.exe",
    "winlogon.exe",
];
/// Scheme of addresses whose program is looked at, and where it is below the user's root.
const SCHEME: &str = "http";
const USER_CHOICE: &str = r"Software\Microsoft\Windows\Shell\Associations\UrlAssociations\http\UserChoice";

/// `State`, `RefCount` and `CentralProfile`.
type Entry = (Option<u32>, Option<u32>, Option<String>);

/// What was there when it was looked last.
#[derive(Default)]
pub(super) struct Watch {
    hives: BTreeMap<Sid, String>,
    entries: BTreeMap<Sid, Entry>,
    folders: BTreeMap<Sid, (PathBuf, bool)>,
    programs_of_users: BTreeMap<Sid, Option<String>>,
    probes: BTreeMap<Sid, Option<KeysProbe>>,
    sessions: BTreeMap<SessionId, SeenSession>,
    programs: BTreeSet<RunningProgram>,
}

impl Watch {
    /// Notes what is other than before. What the system does not tell just now is as it was.
    pub(super) fn look(&mut self, note: &mut impl FnMut(Seen)) {
        if let Ok(loaded) = loaded_users() {
            self.look_at_hives(&loaded, note);
        }
        if let Ok(sessions) = seen_sessions() {
            let now: BTreeMap<_, _> = sessions.into_iter().map(|session| (session.id, session)).collect();
            for (id, session) in now.iter().filter(|(id, session)| self.sessions.get(id) != Some(session)) {
                let (sid, connected) = (session.sid.clone(), session.connected);
                note(Seen::Session { session: id.0, sid, connected });
            }
            for id in self.sessions.keys().filter(|id| !now.contains_key(id)) {
                note(Seen::SessionGone { session: id.0 });
            }
            self.sessions = now;
        }
        self.look_at_profiles(note);
        if let Ok(programs) = running_programs() {
            let mine = std::process::id();
            let matters = |one: &RunningProgram| PROGRAMS.contains(&one.name.as_str()) && one.process != mine;
            let now: BTreeSet<_> = programs.into_iter().filter(matters).collect();
            for RunningProgram { process, session, name } in now.difference(&self.programs).cloned() {
                note(Seen::Started { program: name, session: session.0, process });
            }
            for RunningProgram { process, session, name } in self.programs.difference(&now).cloned() {
                note(Seen::Ended { program: name, session: session.0, process });
            }
            self.programs = now;
        }
    }

    fn look_at_hives(&mut self, loaded: &[Sid], note: &mut impl FnMut(Seen)) {
        for user in loaded {
            let access = hive_access(user).unwrap_or_else(|error| error.to_string());
            let sid = user.to_string();
            match self.hives.insert(user.clone(), access.clone()) {
                None => note(Seen::HiveLoaded { sid, access }),
                Some(before) if before != access => note(Seen::HiveAccess { sid, access }),
                Some(_) => {}
            }
            self.look_into(user, note);
        }
        for gone in self.hives.keys().filter(|sid| !loaded.contains(sid)).cloned().collect::<Vec<_>>() {
            self.hives.remove(&gone);
            self.programs_of_users.remove(&gone);
            self.probes.remove(&gone);
            note(Seen::HiveUnloaded { sid: gone.to_string() });
        }
    }

    /// Looks at the few values in a user's hive that answer something.
    fn look_into(&mut self, user: &Sid, note: &mut impl FnMut(Seen)) {
        let program = text(user, USER_CHOICE, "ProgId");
        if self.programs_of_users.insert(user.clone(), program.clone()).flatten() != program {
            note(Seen::DefaultProgram { sid: user.to_string(), scheme: SCHEME.to_owned(), program });
        }
        let probe = text(user, keys::OUTCOME_KEY, keys::OUTCOME).and_then(|word| KeysProbe::of(&word));
        if self.probes.insert(user.clone(), probe).flatten() != probe
            && let Some(outcome) = probe
        {
            note(Seen::KeysProbe { sid: user.to_string(), outcome });
        }
    }

    /// Looks at the profile list, for users of sessions as well: a logon may be refused.
    fn look_at_profiles(&mut self, note: &mut impl FnMut(Seen)) {
        let in_sessions = self.sessions.values().filter_map(|session| session.sid.as_ref()?.parse().ok());
        let users: BTreeSet<Sid> = self.hives.keys().cloned().chain(in_sessions).collect();
        for user in users {
            let entry = profile_entry(&user);
            if self.entries.get(&user) != Some(&entry) {
                let (state, references, central) = entry.clone();
                self.entries.insert(user.clone(), entry);
                note(Seen::ProfileEntry { sid: user.to_string(), state, references, central });
            }
            if !self.folders.contains_key(&user)
                && let Ok(ProfileEntry { folder: Some(folder), .. }) = ProfileList::default().entry(&user)
            {
                self.folders.insert(user.clone(), (OsString::from_wide(&folder).into(), false));
            }
        }
        for (user, (path, exists)) in &mut self.folders {
            let now = path.is_dir();
            if now != *exists {
                *exists = now;
                note(Seen::ProfileFolder { sid: user.to_string(), exists: now });
            }
        }
    }
}

fn text(user: &Sid, key: &str, name: &str) -> Option<String> {
    let registry = LiveRegistry::open(user, OpenMode::AsGranted).ok()??;
    registry.value(&KeyPath::parse(key), &name.into()).ok()??.to_text()
}

fn profile_entry(sid: &Sid) -> Entry {
    let key = SettingsKey::open(&format!(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{sid}"));
    let Ok(Some(key)) = key else { return (None, None, None) };
    let central = key.string("CentralProfile").map(|text| text.to_string_lossy().into_owned());
    (key.dword("State"), key.dword("RefCount"), central.filter(|central| !central.is_empty()))
}
