//! The access list of a mandatory profile's hive.
//!
//! A mandatory hive is made for everybody, so every user of a session host may open the registry of every other one who has
//! it. This gives the hive the access list of an ordinary profile. `SetSecurityInfo` would follow links and stop at names
//! with NULs, so the tree is walked here.

mod acl;

use mp_profile::Sid;
use mp_registry::{KeyPath, MAX_DEPTH, RegistryError, RegistryErrorKind, upcase};
use windows_sys::Win32::{
    Foundation::ERROR_NOT_ENOUGH_QUOTA,
    Storage::FileSystem::{READ_CONTROL, WRITE_DAC},
    System::Registry::{
        KEY_CREATE_SUB_KEY, KEY_ENUMERATE_SUB_KEYS, KEY_QUERY_VALUE, REG_OPTION_BACKUP_RESTORE,
    },
};

use crate::{
    OpenMode,
    nt::{Buffer, KeyAccess, KeyHandle, Status},
    registry::kind,
};
use acl::{Entries, Entry, KEY_ALL_ACCESS, KEY_READ, Owner};

/// Keys of which the user may only read: Group Policy and the plan's policies write them.
const READ_ONLY: [&str; 2] = [r"Software\Policies", r"Software\Microsoft\Windows\CurrentVersion\Policies"];
/// The most keys whose access lists are looked at; more is somebody's attempt at our time.
const MAX_KEYS: usize = 500_000;

const SYSTEM: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
const ADMINISTRATORS: [u8; 16] = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
const RESTRICTED: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 5, 12, 0, 0, 0];
/// ALL APPLICATION PACKAGES, S-1-15-2-1.
const PACKAGES: [u8; 16] = [1, 2, 0, 0, 0, 0, 0, 15, 2, 0, 0, 0, 1, 0, 0, 0];

/// What [`protect_hive`] did.
#[derive(Debug, Default)]
pub struct Protection {
    /// Keys that were looked at.
    pub keys: usize,
    /// Keys of policies that were not there and were made.
    pub made: usize,
    /// Keys whose access list was not as it should be.
    pub changed: usize,
    /// Keys that could not be looked at, or that are symbolic links.
    pub problems: Vec<RegistryError>,
}

/// Gives the hive of a user, and that of their classes where it is loaded, the access list of an ordinary profile: all
/// rights for SYSTEM, Administrators and the user, reading for RESTRICTED and all application packages; policies can only be
/// read by the user, and are made where they are not there. What sub-keys have of their own they keep, but what all users may do there becomes the user's, and
/// others lose it; denials stay. `None` when the hive is not loaded. A second call changes nothing.
///
/// # Errors
/// When the hive's root cannot be opened or changed.
pub fn protect_hive(sid: &Sid, mode: OpenMode) -> Result<Option<Protection>, RegistryError> {
    let options = match mode {
        OpenMode::AsGranted => 0,
        OpenMode::BackupRestore => REG_OPTION_BACKUP_RESTORE,
    };
    let rights = READ_CONTROL | WRITE_DAC | KEY_QUERY_VALUE | KEY_ENUMERATE_SUB_KEYS;
    let mut walk = Walk {
        owner: Owner { user: sid_bytes(sid) },
        access: KeyAccess { rights, options },
        path: KeyPath::root(),
        done: Protection::default(),
        buffer: Buffer::with_room(4096),
    };
    let open = |suffix: &str| {
        KeyHandle::open_path(&format!(r"\Registry\User\{sid}{suffix}"), walk.access)
            .map_err(|status| error("open", &KeyPath::root(), kind(status)))
    };
    let Some(root) = open("")? else { return Ok(None) };
    let classes = open("_Classes")?;
    for path in READ_ONLY {
        walk.make(&root, &KeyPath::parse(path));
    }
    walk.root(&root)?;
    if let Some(classes) = classes {
        walk.path = KeyPath::parse(r"Software\Classes");
        walk.root(&classes)?;
    }
    Ok(Some(walk.done))
}

struct Walk {
    owner: Owner,
    access: KeyAccess,
    path: KeyPath,
    done: Protection,
    buffer: Buffer,
}

impl Walk {
    fn root(&mut self, root: &KeyHandle) -> Result<(), RegistryError> {
        let set = self.replaced(root, KEY_ALL_ACCESS).map_err(|status| self.failed("protect", status))?;
        self.below(root, &set, false);
        Ok(())
    }

    /// Makes a key that is not there, where the key above it is: the user could make it as well, and would own it.
    fn make(&mut self, root: &KeyHandle, path: &KeyPath) {
        let access = KeyAccess { rights: KEY_QUERY_VALUE | KEY_CREATE_SUB_KEY, ..self.access };
        let made = (|| {
            let Some((last, above)) = path.names().split_last() else { return Ok(()) };
            let Some(mut at) = root.reopen(access)? else { return Ok(()) };
            for name in above {
                match at.open_sub(name, access)? {
                    Some(key) if !key.is_link()? => at = key,
                    _ => return Ok(()),
                }
            }
            let (_, created) = at.create_sub(last, None, None, access)?;
            self.done.made += usize::from(created);
            Ok(())
        })();
        if let Err(status) = made {
            self.done.problems.push(error("create", path, kind(status)));
        }
    }

    /// Gives a key the list of a profile's root, with these rights for the user.
    fn replaced(&mut self, key: &KeyHandle, rights: u32) -> Result<Entries, Status> {
        self.done.keys += 1;
        let before = key.access_list(&mut self.buffer)?;
        let own = before.bytes.as_deref().and_then(acl::read).unwrap_or_default();
        let own = self.owner.own_entries(&own, false);
        let base = [
            Entry::allow(rights, &self.owner.user),
            Entry::allow(KEY_ALL_ACCESS, &SYSTEM),
            Entry::allow(KEY_ALL_ACCESS, &ADMINISTRATORS),
            Entry::allow(KEY_READ, &RESTRICTED),
            Entry::allow(KEY_READ, &PACKAGES),
        ];
        let (denials, others): (Vec<_>, Vec<_>) = own.into_iter().partition(Entry::denies);
        let others = others.into_iter().filter(|other| base.iter().all(|entry| entry.sid() != other.sid()));
        let set: Entries = denials.into_iter().chain(base.clone()).chain(others).collect();
        self.set(key, &before, &set, true)?;
        Ok(set)
    }

    /// Gives a sub-key its own entries, as far as they stay, and what it inherits of `parent`.
    fn inheriting(&mut self, key: &KeyHandle, parent: &[Entry], read_only: bool) -> Result<Entries, Status> {
        self.done.keys += 1;
        let before = key.access_list(&mut self.buffer)?;
        let own =
            before.bytes.as_deref().map(|bytes| acl::read(bytes).ok_or(Status::TOO_SMALL)).transpose()?;
        // Without a list everybody may do everything; what is inherited is enough then.
        let protected = before.protected && own.is_some();
        let own = self.owner.own_entries(&own.unwrap_or_default(), read_only);
        let set = if protected { own } else { acl::with_inherited(own, parent) };
        self.set(key, &before, &set, protected)?;
        Ok(set)
    }

    fn set(
        &mut self,
        key: &KeyHandle,
        before: &crate::nt::AccessList,
        entries: &[Entry],
        protected: bool,
    ) -> Result<(), Status> {
        let is_so = before.protected == protected
            && before.bytes.as_deref().and_then(acl::read).is_some_and(|now| now == entries);
        if !is_so {
            key.set_access_list(&acl::write(entries).ok_or(Status::TOO_SMALL)?, protected)?;
            self.done.changed += 1;
        }
        Ok(())
    }

    /// Does what is below an open key, `self.path`.
    fn below(&mut self, key: &KeyHandle, parent: &[Entry], read_only: bool) {
        for index in 0.. {
            let name = match key.subkey_name(index, &mut self.buffer) {
                Ok(Some(name)) => name,
                Ok(None) => return,
                Err(status) => return self.problem("list", status),
            };
            if self.done.keys >= MAX_KEYS {
                let text = format!("more than {MAX_KEYS} keys, the most that are looked at");
                let cause = RegistryErrorKind::System { code: ERROR_NOT_ENOUGH_QUOTA, text };
                return self.done.problems.push(error("protect", &self.path, cause));
            }
            self.path.push(name.clone());
            match key.open_sub(&name, self.access) {
                Ok(Some(below)) => self.subkey(&below, parent, read_only),
                Ok(None) => {}
                Err(status) => self.problem("open", status),
            }
            self.path.pop();
        }
    }

    fn subkey(&mut self, key: &KeyHandle, parent: &[Entry], read_only: bool) {
        let refuse = |cause| error("protect", &self.path, cause);
        if self.path.depth() > MAX_DEPTH {
            return self.done.problems.push(refuse(RegistryErrorKind::TooDeep));
        }
        match key.is_link() {
            Ok(false) => {}
            // Where it leads is protected at its own place, or is not this user's.
            Ok(true) if is(&self.path, r"Software\Classes") => return,
            Ok(true) => return self.done.problems.push(refuse(RegistryErrorKind::SymbolicLink)),
            Err(status) => return self.problem("open", status),
        }
        let policies = READ_ONLY.iter().any(|path| is(&self.path, path));
        let set =
            if policies { self.replaced(key, KEY_READ) } else { self.inheriting(key, parent, read_only) };
        match set {
            Ok(set) => self.below(key, &set, read_only || policies),
            Err(status) => self.problem("protect", status),
        }
    }

    fn failed(&self, doing: &'static str, status: Status) -> RegistryError {
        error(doing, &self.path, kind(status))
    }

    fn problem(&mut self, doing: &'static str, status: Status) {
        if !status.is_deleted() {
            self.done.problems.push(self.failed(doing, status));
        }
    }
}

fn is(path: &KeyPath, other: &str) -> bool {
    let other = KeyPath::parse(other);
    path.depth() == other.depth()
        && path.names().iter().zip(other.names()).all(|(a, b)| upcase::eq(a.units(), b.units()))
}

fn error(doing: &'static str, path: &KeyPath, cause: RegistryErrorKind) -> RegistryError {
    RegistryError { doing, path: path.clone(), value: None, cause }
}

/// The binary form of a SID ([MS-DTYP] 2.4.2.2). That the text is one is the type's invariant.
fn sid_bytes(sid: &Sid) -> Vec<u8> {
    let numbers: Vec<u32> = sid.as_str().split('-').skip(2).filter_map(|part| part.parse().ok()).collect();
    let Some((authority, parts)) = numbers.split_first() else { return Vec::new() };
    let mut bytes = vec![1, u8::try_from(parts.len()).unwrap_or_default(), 0, 0];
    bytes.extend(authority.to_be_bytes());
    bytes.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
    bytes
}
