//! What an administrator does with a store while it is used: processes that are killed in their midst.

use std::{path::PathBuf, sync::Arc};

use mp_storage::{
    FolderBackend, ObjectBackend,
    at_rest::{AtRest, KeyFile, KeyedStore, forget_former, rotate},
    backend::object::ObjectOptions,
    move_into,
};

use super::node::{BASE, KEYS};

/// Tells this program to do one of them.
const ERRAND: &str = "METAPROFILES_STORAGE_ERRAND";

#[derive(Clone, Copy, Debug)]
pub(super) enum Errand {
    /// New keys for old, and the old ones forgotten.
    Rotate,
    /// Everything in the folder into the object store.
    Move,
}

impl Errand {
    pub(super) fn environment(self) -> (String, String) {
        (ERRAND.to_owned(), format!("{self:?}"))
    }

    /// The one that this program was started for.
    pub(super) fn told() -> Option<Self> {
        match std::env::var(ERRAND).ok()?.as_str() {
            "Rotate" => Some(Self::Rotate),
            "Move" => Some(Self::Move),
            other => panic!("there is no errand {other}"),
        }
    }

    pub(super) fn run(self) {
        let base = PathBuf::from(std::env::var_os(BASE).unwrap());
        let keys = std::env::var_os(KEYS).map(|path| Arc::new(KeyFile::open(&PathBuf::from(path)).unwrap()));
        let objects = super::objects::told();
        match self {
            Self::Rotate => {
                let keys = keys.unwrap();
                let at_rest = AtRest::opening(Arc::clone(&keys));
                let store: Box<dyn KeyedStore> = match objects {
                    Some(options) => {
                        let options = ObjectOptions { at_rest, looks: true, ..options };
                        Box::new(ObjectBackend::open(&options).unwrap())
                    }
                    None => Box::new(FolderBackend::look_with(&base, at_rest).unwrap().0),
                };
                rotate(&*store, &keys, |_| {}).unwrap();
                // A new user's data key may have come meanwhile: then they are still used, and stay.
                drop(forget_former(&*store, &keys));
            }
            Self::Move => {
                let at_rest = keys.map_or_else(AtRest::plain, AtRest::sealed);
                let (from, _) = FolderBackend::look_with(&base, at_rest.clone()).unwrap();
                let into = ObjectBackend::open(&ObjectOptions { at_rest, ..objects.unwrap() }).unwrap();
                let moved = move_into(&from, &into, None, |_, problem, _| assert_eq!(problem, None));
                moved.unwrap();
            }
        }
    }
}
