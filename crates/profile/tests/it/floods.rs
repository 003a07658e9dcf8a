//! Attacks on memory: a registry that is far larger than any profile's.

use mp_dataset::ProfileKind;
use mp_profile::{
    ExportInputs, HostError, MAX_LIVE_BYTES, MAX_VALUE_BYTES, NoteCode, ProfileFiles, SessionProfile, Sets,
    export, memory::MemoryProfile,
};
use mp_registry::{
    Applied, KeyChoice, KeyEdit, KeyListing, KeyPath, Name, Registry, RegistryError, TreeFilter, TreeRead,
    Value, ValueType,
};

use crate::support::{Session, key, mandatory, rules, set, subset};

/// A profile whose values are said to be longer than they are.
struct Bloated {
    profile: MemoryProfile,
    len: usize,
}

/// Tells the filter so, and counts the bytes that it took.
struct Telling<'a> {
    filter: &'a mut dyn TreeFilter,
    len: usize,
    taken: usize,
}

impl TreeFilter for Telling<'_> {
    fn key(&mut self, path: &KeyPath) -> KeyChoice {
        self.filter.key(path)
    }

    fn value(&mut self, path: &KeyPath, name: &Name, ty: ValueType, _: usize) -> bool {
        let takes = self.filter.value(path, name, ty, self.len);
        self.taken += usize::from(takes) * self.len;
        takes
    }
}

impl Registry for Bloated {
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        self.profile.registry.list(path)
    }

    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError> {
        self.profile.registry.value(path, name)
    }

    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError> {
        let mut telling = Telling { filter, len: self.len, taken: 0 };
        let read = self.profile.registry.read_tree(path, &mut telling)?;
        assert!(telling.taken <= MAX_LIVE_BYTES, "{}", telling.taken);
        Ok(read)
    }

    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        self.profile.registry.apply(edits)
    }
}

impl SessionProfile for Bloated {
    fn kind(&self) -> ProfileKind {
        self.profile.kind
    }
    fn registry(&mut self) -> &mut dyn Registry {
        self
    }
    fn files(&mut self) -> &mut dyn ProfileFiles {
        self.profile.files()
    }
    fn marker(&self) -> Result<Option<Vec<u8>>, HostError> {
        self.profile.marker()
    }
    fn set_marker(&mut self, marker: &[u8]) -> Result<(), HostError> {
        self.profile.set_marker(marker)
    }
    fn close(self: Box<Self>) -> Result<(), HostError> {
        Ok(())
    }
}

#[test]
fn a_registry_beyond_the_limit_is_read_in_part_and_deletes_nothing_of_what_was_stored() {
    let rules = rules(&[subset("app", &[key("Software\\App")], &[])]);
    let template = mandatory(&[]);
    let mut session = Session::logon(&rules, &template, None);
    for number in 0..40 {
        set(&mut session.profile, &format!("Software\\App\\{number:02}"), "v", "mine");
    }
    let stored = session.logoff();

    let mut next = Session::logon(&rules, &template, Some(&stored));
    set(&mut next.profile, "Software\\App\\00", "v", "changed");
    let inputs = ExportInputs {
        base: Sets { global: Some(&stored.global), group: None },
        baseline: Some(&next.baseline),
        ..ExportInputs::default()
    };
    let exported =
        export(&mut Bloated { profile: next.profile.clone(), len: MAX_VALUE_BYTES }, &rules, &inputs)
            .unwrap();
    assert_eq!(exported.report.notes.of(NoteCode::RegistryUnread).count(), 1);
    let mut expected = stored.global.registry.clone();
    let changed = Value::sz("v", "changed");
    expected
        .at_or_pass(&KeyPath::parse("Software\\App\\00"))
        .edit_value(mp_registry::ValueEdit::Set(changed));
    assert_eq!(exported.global.registry, expected, "what was read is new, all else is as it was");
}

#[test]
fn a_value_of_a_gigabyte_is_refused_by_its_length() {
    let rules = rules(&[subset("app", &[key("Software\\App")], &[])]);
    let mut session = Session::logon(&rules, &mandatory(&[]), None);
    set(&mut session.profile, "Software\\App", "v", "mine");
    let stored = session.logoff();
    let mut huge = Bloated { profile: session.profile.clone(), len: 1 << 30 };
    let inputs = ExportInputs {
        base: Sets { global: Some(&stored.global), group: None },
        baseline: Some(&session.baseline),
        ..ExportInputs::default()
    };
    let exported = export(&mut huge, &rules, &inputs).unwrap();
    assert_eq!(exported.report.notes.of(NoteCode::ValueTooLong).count(), 1);
    assert_eq!(exported.global.registry, stored.global.registry, "what was stored of it stays");
}
