//! Registries that refuse: what cannot be read or written is never taken for the user's will.

use mp_dataset::ProfileKind;
use mp_profile::{
    Baseline, CompiledRules, ExportError, ExportInputs, HostError, NoteCode, ProfileFiles, SessionProfile,
    Sets, export, import, memory::MemoryProfile,
};
use mp_registry::{
    Applied, KeyEdit, KeyListing, KeyPath, Name, Registry, RegistryError, RegistryErrorKind, TreeFilter,
    TreeRead, Value,
};

use crate::support::{Session, drop_key, key, mandatory, rules, set, subset, unset};

pub(crate) fn app() -> CompiledRules {
    rules(&[subset("app", &[key("Software\\App")], &[])])
}

/// A registry of which some part can be neither read nor written.
pub(crate) struct Unreadable {
    pub(crate) profile: MemoryProfile,
    pub(crate) key: KeyPath,
    pub(crate) value: Option<Name>,
    pub(crate) cause: RegistryErrorKind,
}

impl Unreadable {
    fn error(&self) -> RegistryError {
        RegistryError {
            doing: "open",
            path: self.key.clone(),
            value: self.value.clone(),
            cause: self.cause.clone(),
        }
    }
}

impl Registry for Unreadable {
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        self.profile.registry.list(path)
    }

    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError> {
        self.profile.registry.value(path, name)
    }

    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError> {
        let mut read = self.profile.registry.read_tree(path, filter)?;
        if let Some(root) = &mut read.tree {
            let mut parent = self.key.clone();
            let last = parent.pop().unwrap();
            match (&self.value, root.at_mut(&parent)) {
                (Some(name), Some(parent)) => {
                    _ = parent.subkey_mut(&last).and_then(|key| key.remove_value(name))
                }
                (None, Some(parent)) => _ = parent.remove_subkey(&last),
                _ => {}
            }
        }
        read.problems.push(self.error());
        Ok(read)
    }

    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        let at = edits.at(&self.key);
        let concerned = match &self.value {
            Some(name) => at.is_some_and(|edit| edit.value(name).is_some()),
            None => at.is_some(),
        };
        if !concerned {
            return self.profile.registry.apply(edits);
        }
        let mut others = edits.clone();
        let mut parent = self.key.clone();
        let last = parent.pop().unwrap();
        match &self.value {
            Some(name) => {
                let key = others.at_or_pass(&self.key);
                let values = key.values().iter().filter(|edit| !edit.name().same(name)).cloned().collect();
                key.replace_values(values);
            }
            None => {
                let parent = others.at_or_pass(&parent);
                let keys = parent.subkeys().iter().filter(|edit| !edit.name.same(&last)).cloned().collect();
                parent.replace_subkeys(keys);
            }
        }
        let mut applied = self.profile.registry.apply(&others)?;
        applied.problems.push(self.error());
        Ok(applied)
    }
}

impl SessionProfile for Unreadable {
    fn kind(&self) -> ProfileKind {
        self.profile.kind
    }
    fn registry(&mut self) -> &mut dyn Registry {
        self
    }
    fn files(&mut self) -> &mut dyn ProfileFiles {
        &mut self.profile.files
    }
    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        Ok(None)
    }
    fn set_marker(&mut self, _: &[u8]) -> Result<(), HostError> {
        Ok(())
    }
    fn close(self: Box<Self>) -> Result<(), HostError> {
        Ok(())
    }
}

#[test]
fn what_cannot_be_read_is_never_taken_for_deleted() {
    let rules = app();
    let template = mandatory(&["Software\\App\\K: d = 0"]);
    let mut session = Session::logon(&rules, &template, None);
    set(&mut session.profile, "Software\\App\\K", "v", "1");
    set(&mut session.profile, "Software\\App\\K\\Sub", "w", "2");
    let stored = session.logoff();

    let session = Session::logon(&rules, &template, Some(&stored));
    let inputs = ExportInputs {
        base: Sets { global: Some(&stored.global), group: None },
        baseline: Some(&session.baseline),
        ..ExportInputs::default()
    };
    for value in [None, Some(Name::from("v"))] {
        let mut unreadable = Unreadable {
            profile: session.profile.clone(),
            key: KeyPath::parse("Software\\App\\K"),
            value,
            cause: RegistryErrorKind::AccessDenied,
        };
        let exported = export(&mut unreadable, &rules, &inputs).unwrap();
        assert_eq!(exported.global.registry, stored.global.registry);
        assert_eq!(exported.report.notes.of(NoteCode::RegistryUnread).count(), 1);
    }
    let mut gone = Unreadable {
        profile: session.profile.clone(),
        key: KeyPath::parse("Software\\App\\K"),
        value: None,
        cause: RegistryErrorKind::HiveGone,
    };
    assert!(matches!(export(&mut gone, &rules, &inputs), Err(ExportError::Registry(_))));
}

#[test]
fn what_could_not_be_written_at_logon_stays_in_the_data_set() {
    let rules = app();
    for template in [
        mandatory(&["Software\\App: x = 0"]),
        mandatory(&["Software\\App\\K: v = 0", "Software\\App\\K: gone = 0"]),
    ] {
        let mut session = Session::logon(&rules, &mandatory(&["Software\\App\\K: gone = 0"]), None);
        set(&mut session.profile, "Software\\App\\K", "v", "mine");
        unset(&mut session.profile, "Software\\App\\K", "gone");
        let stored = session.logoff();
        for value in [None, Some(Name::from("v"))] {
            let base = Sets { global: Some(&stored.global), group: None };
            let mut profile = Unreadable {
                profile: template.clone(),
                key: KeyPath::parse("Software\\App\\K"),
                value,
                cause: RegistryErrorKind::AccessDenied,
            };
            let (baseline, _) = Baseline::snapshot(&mut profile.profile, &rules).unwrap();
            let imported = import(&mut profile, &rules, &base).unwrap();
            assert_eq!(imported.report.notes.of(NoteCode::RegistryUnwritten).count(), 1);
            let inputs = ExportInputs {
                base,
                baseline: Some(&baseline),
                unapplied: Some(&imported.unapplied),
                ..ExportInputs::default()
            };
            let exported = export(&mut profile.profile, &rules, &inputs).unwrap();
            assert_eq!(exported.global.registry, stored.global.registry);
        }
    }
}

/// Found by reading: what the import does not see, it cannot delete, and nobody was told.
#[test]
fn what_could_not_be_read_at_logon_stays_deleted_in_the_data_set() {
    let rules = app();
    let template = mandatory(&["Software\\App\\K: gone = 0", "Software\\App\\K: stays = 0"]);
    let drop_value = |profile: &mut MemoryProfile| unset(profile, "Software\\App\\K", "gone");
    let drop_all = |profile: &mut MemoryProfile| drop_key(profile, "Software\\App", "K");
    for delete in [&drop_value as &dyn Fn(&mut MemoryProfile), &drop_all] {
        let mut session = Session::logon(&rules, &template, None);
        delete(&mut session.profile);
        let stored = session.logoff();
        for value in [None, Some(Name::from("gone"))] {
            let base = Sets { global: Some(&stored.global), group: None };
            let mut profile = Unreadable {
                profile: template.clone(),
                key: KeyPath::parse("Software\\App\\K"),
                value,
                cause: RegistryErrorKind::AccessDenied,
            };
            let (baseline, _) = Baseline::snapshot(&mut profile.profile, &rules).unwrap();
            let imported = import(&mut profile, &rules, &base).unwrap();
            let inputs = ExportInputs {
                base,
                baseline: Some(&baseline),
                unapplied: Some(&imported.unapplied),
                ..ExportInputs::default()
            };
            // At logoff it can be read again, and shows the default.
            let exported = export(&mut profile.profile, &rules, &inputs).unwrap();
            assert_eq!(exported.global.registry, stored.global.registry);
        }
    }
}
