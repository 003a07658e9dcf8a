use std::ops::Deref;

use mp_profile::Sid;
use mp_registry::{
    Applied, KeyEdit, KeyListing, KeyPath, MAX_DEPTH, Name, Registry, RegistryError, RegistryErrorKind,
    TreeFilter, TreeRead, Value,
};
use windows_sys::Win32::{
    Foundation::ERROR_BUSY,
    System::Registry::{KEY_ENUMERATE_SUB_KEYS, KEY_QUERY_VALUE, REG_OPTION_BACKUP_RESTORE},
};

use crate::nt::{Buffer, KeyAccess, KeyHandle, Status};

/// The rights that reading a key with what is directly below it needs.
pub(super) const READ: u32 = KEY_QUERY_VALUE | KEY_ENUMERATE_SUB_KEYS;

/// How the keys of a user are opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OpenMode {
    /// With what the keys' own access lists grant.
    #[default]
    AsGranted,
    /// Past the access lists, by the backup and restore privileges (`REG_OPTION_BACKUP_RESTORE`), which must have been
    /// enabled by [`enable_backup_privileges`](crate::enable_backup_privileges).
    BackupRestore,
}

/// The live registry of one user: `HKEY_USERS\<SID>`, with `HKEY_USERS\<SID>_Classes` as its `Software\Classes`; or what is
/// below a key of the machine's registry.
///
/// Where that second hive is loaded, the symbolic link that Windows has at `Software\Classes` is replaced by it in every
/// operation. All other symbolic links are refused: reported, neither followed nor changed.
#[derive(Debug)]
pub struct LiveRegistry {
    pub(super) root: KeyHandle,
    pub(super) classes: Option<KeyHandle>,
    options: u32,
}

/// What stands behind a failed native call.
pub(super) enum Failure {
    /// The key was deleted while it was looked at; the hive is still there.
    Vanished,
    /// It really failed.
    Failed(RegistryErrorKind),
}

/// A key found by its path: the root's own handle, or one opened for it.
pub(super) enum Opened<'a> {
    Root(&'a KeyHandle),
    Below(KeyHandle),
}

impl Deref for Opened<'_> {
    type Target = KeyHandle;

    fn deref(&self) -> &KeyHandle {
        match self {
            Self::Root(key) => key,
            Self::Below(key) => key,
        }
    }
}

impl LiveRegistry {
    /// Opens the loaded hive of a user; `None` when it is not loaded.
    ///
    /// # Errors
    /// When it is loaded and cannot be opened.
    pub fn open(sid: &Sid, mode: OpenMode) -> Result<Option<Self>, RegistryError> {
        let options = match mode {
            OpenMode::AsGranted => 0,
            OpenMode::BackupRestore => REG_OPTION_BACKUP_RESTORE,
        };
        let access = KeyAccess { rights: READ, options };
        let open = |suffix: &str| {
            KeyHandle::open_path(&format!(r"\Registry\User\{sid}{suffix}"), access)
                .map_err(|status| error("open", &KeyPath::root(), None, kind(status)))
        };
        let Some(root) = open("")? else { return Ok(None) };
        Ok(Some(Self { root, classes: open("_Classes")?, options }))
    }

    /// Opens what is below a key of `HKEY_LOCAL_MACHINE`, such as `Software\Policies\Vendor`; `None` when it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be opened.
    pub fn machine(path: &str) -> Result<Option<Self>, RegistryError> {
        let access = KeyAccess { rights: READ, options: 0 };
        let root = KeyHandle::open_path(&format!(r"\Registry\Machine\{path}"), access)
            .map_err(|status| error("open", &KeyPath::parse(path), None, kind(status)))?;
        Ok(root.map(|root| Self { root, classes: None, options: 0 }))
    }

    pub(super) fn access(&self, rights: u32) -> KeyAccess {
        KeyAccess { rights, options: self.options }
    }

    /// Applies edits past no access list: with what they grant to whom the thread acts as.
    pub(crate) fn apply_as_granted(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        let options = std::mem::replace(&mut self.options, 0);
        let applied = self.edit(edits);
        self.options = options;
        applied
    }

    /// The root that takes the place of the key at `path`, if one does.
    pub(super) fn routed(&self, path: &KeyPath) -> Option<&KeyHandle> {
        let classes = self.classes.as_ref()?;
        (path.depth() == 2 && is_classes(path)).then_some(classes)
    }

    /// Opens the key at a path, none of whose names may be a link, as a handle of its own; `None` when it is not there.
    pub(crate) fn open_key(
        &self,
        doing: &'static str,
        path: &KeyPath,
        rights: u32,
    ) -> Result<Option<KeyHandle>, RegistryError> {
        let Some(found) = self.find(doing, path, rights)? else { return Ok(None) };
        let access = self.access(rights);
        match found {
            Opened::Below(key) => Ok(Some(key)),
            Opened::Root(root) => {
                root.reopen(access).map_err(|status| error(doing, path, None, kind(status)))
            }
        }
    }

    /// Sorts out why a call failed.
    pub(super) fn failure(&self, status: Status) -> Failure {
        if status.is_deleted() {
            let gone = self.root.info(&mut Buffer::with_room(1024)).is_err_and(Status::is_deleted);
            return if gone { Failure::Failed(RegistryErrorKind::HiveGone) } else { Failure::Vanished };
        }
        Failure::Failed(kind(status))
    }

    /// Opens the key at a path, name by name, none of which may be a link; `None` when it is not there.
    pub(super) fn find(
        &self,
        doing: &'static str,
        path: &KeyPath,
        rights: u32,
    ) -> Result<Option<Opened<'_>>, RegistryError> {
        let fail = |cause| Err(error(doing, path, None, cause));
        let (start, names) = match &self.classes {
            Some(classes) if is_classes(path) => (classes, &path.names()[2..]),
            _ => (&self.root, path.names()),
        };
        if path.depth() > MAX_DEPTH {
            return fail(RegistryErrorKind::TooDeep);
        }
        let mut at = Opened::Root(start);
        for (index, name) in names.iter().enumerate() {
            let wanted = if index + 1 == names.len() { rights | KEY_QUERY_VALUE } else { KEY_QUERY_VALUE };
            match self.step(&at, name, wanted) {
                Ok(Some(key)) => at = Opened::Below(key),
                Ok(None) | Err(Failure::Vanished) => return Ok(None),
                Err(Failure::Failed(cause)) => return fail(cause),
            }
        }
        Ok(Some(at))
    }

    fn step(&self, parent: &KeyHandle, name: &Name, rights: u32) -> Result<Option<KeyHandle>, Failure> {
        let Some(key) = parent.open_sub(name, self.access(rights)).map_err(|status| self.failure(status))?
        else {
            return Ok(None);
        };
        match key.is_link() {
            Ok(false) => Ok(Some(key)),
            Ok(true) => Err(Failure::Failed(RegistryErrorKind::SymbolicLink)),
            Err(status) => Err(self.failure(status)),
        }
    }

    /// Has both hives written to their files as far as the system does that.
    ///
    /// # Errors
    /// When a hive could not be written.
    pub fn flush(&self) -> Result<(), RegistryError> {
        for hive in std::iter::once(&self.root).chain(&self.classes) {
            hive.flush().map_err(|status| error("save", &KeyPath::root(), None, kind(status)))?;
        }
        Ok(())
    }
}

impl Registry for LiveRegistry {
    fn list(&self, path: &KeyPath) -> Result<Option<KeyListing>, RegistryError> {
        self.list_key(path)
    }

    fn value(&self, path: &KeyPath, name: &Name) -> Result<Option<Value>, RegistryError> {
        let Some(key) = self.find("read value", path, KEY_QUERY_VALUE)? else { return Ok(None) };
        match key.value(name, &mut Buffer::with_room(4096)) {
            Ok(found) => Ok(found),
            Err(status) => match self.failure(status) {
                Failure::Vanished => Ok(None),
                Failure::Failed(cause) => Err(error("read value", path, Some(name.clone()), cause)),
            },
        }
    }

    fn read_tree(&self, path: &KeyPath, filter: &mut dyn TreeFilter) -> Result<TreeRead, RegistryError> {
        self.read(path, filter)
    }

    fn apply(&mut self, edits: &KeyEdit) -> Result<Applied, RegistryError> {
        self.edit(edits)
    }
}

/// Whether a path is `Software\Classes` or lies below it.
fn is_classes(path: &KeyPath) -> bool {
    matches!(path.names(), [first, second, ..]
        if first.same(&"Software".into()) && second.same(&"Classes".into()))
}

pub(super) fn error(
    doing: &'static str,
    path: &KeyPath,
    value: Option<Name>,
    cause: RegistryErrorKind,
) -> RegistryError {
    RegistryError { doing, path: path.clone(), value, cause }
}

pub(crate) fn kind(status: Status) -> RegistryErrorKind {
    if status.is_denied() {
        RegistryErrorKind::AccessDenied
    } else if status.is_deleted() {
        RegistryErrorKind::HiveGone
    } else {
        RegistryErrorKind::System { code: status.code().cast_unsigned(), text: status.text() }
    }
}

/// Why a key is given up that others change without pause (`ERROR_BUSY`).
pub(super) fn busy() -> RegistryErrorKind {
    RegistryErrorKind::System {
        code: ERROR_BUSY,
        text: "others changed it each time it was tried".to_owned(),
    }
}
