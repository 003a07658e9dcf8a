//! The key file: a few keys as JSON, the newest first. `docs/formats/sealed.md`, section 1.

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    str::FromStr,
    sync::{PoisonError, RwLock},
    time::SystemTime,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use mp_durable::Readers;
use ring::{hmac, rand::SecureRandom as _};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{KeyError, KeyFileError};

/// Layout of the file.
const FORMAT: u32 = 1;
/// Longest key file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// Most keys of a file.
const MAX_KEYS: usize = 100;
/// Bytes of a key.
pub(super) const KEY_LEN: usize = 32;

/// Name of a key, which follows from the key: its first 8 bytes under HMAC-SHA256. In hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        let fine = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| fine);
        number.map(|number| Self(number.to_be_bytes())).ok_or(InvalidKeyId)
    }
}

/// A text is not the name of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected the name of a key: 16 hexadecimal digits")]
pub struct InvalidKeyId;

/// A key that wraps data keys.
#[derive(Clone)]
pub(super) struct WrappingKey {
    bytes: [u8; KEY_LEN],
    created: String,
}

impl WrappingKey {
    fn new() -> Result<Self, KeyError> {
        let created = OffsetDateTime::from(SystemTime::now()).format(&Rfc3339).unwrap_or_default();
        Ok(Self { bytes: random()?, created })
    }

    pub(super) fn id(&self) -> KeyId {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.bytes), b"metaprofiles key id");
        let mut id = [0; 8];
        id.copy_from_slice(&tag.as_ref()[..8]);
        KeyId(id)
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.bytes
    }
}

/// Random bytes of the system.
pub(super) fn random<const LEN: usize>() -> Result<[u8; LEN], KeyError> {
    let mut bytes = [0; LEN];
    ring::rand::SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

/// The keys of a file that is there. It is read again when a key is asked for that it did not have, and when it has changed
/// before a data key is wrapped, so that a new key counts without a restart.
pub struct KeyFile {
    path: PathBuf,
    read: RwLock<Loaded>,
}

struct Loaded {
    /// The newest first, and at least one.
    keys: Vec<WrappingKey>,
    modified: Option<SystemTime>,
}

/// Content of the file.
#[derive(Serialize, Deserialize)]
struct Content {
    format: u32,
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    id: String,
    key: String,
    created: String,
}

impl KeyFile {
    /// Makes a key file with one key where none is. The owner alone may read it.
    ///
    /// # Errors
    /// When something is there, or it cannot be written.
    pub fn create(path: &Path) -> Result<KeyId, KeyFileError> {
        let key = WrappingKey::new()?;
        let text = text(std::slice::from_ref(&key));
        let made = mp_durable::create(path, text.as_bytes(), Readers::OwnerOnly);
        made.map_err(|source| failed("make", path, source))?;
        Ok(key.id())
    }

    /// Opens a key file.
    ///
    /// # Errors
    /// When it cannot be read, is none, or others can read it.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        Ok(Self { path: path.to_owned(), read: RwLock::new(load(path)?) })
    }

    /// Adds a key, under which data keys are wrapped from now on.
    ///
    /// # Errors
    /// When the file cannot be read or written, or has too many keys.
    pub fn add(&self) -> Result<KeyId, KeyFileError> {
        let mut keys = load(&self.path)?.keys;
        if keys.len() >= MAX_KEYS {
            return Err(KeyFileError::Full(MAX_KEYS));
        }
        keys.insert(0, WrappingKey::new()?);
        let id = keys[0].id();
        self.write(&keys)?;
        Ok(id)
    }

    /// Takes all keys but the newest out of the file, and gives their names. What is wrapped by one of them, in this store or
    /// in a backup, cannot be opened any more.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn forget_former(&self) -> Result<Vec<KeyId>, KeyFileError> {
        let mut keys = load(&self.path)?.keys;
        let former = keys.split_off(1);
        if !former.is_empty() {
            self.write(&keys)?;
        }
        Ok(former.iter().map(WrappingKey::id).collect())
    }

    /// The same, and puts them back when they turn out to be used once they are gone, or nobody knows: then there are none.
    pub(super) fn forget_former_unless<E: From<KeyFileError>>(
        &self,
        are_used: impl FnOnce() -> Result<bool, E>,
    ) -> Result<Option<Vec<KeyId>>, E> {
        let keys = load(&self.path)?.keys;
        let former = self.forget_former()?;
        match are_used() {
            Ok(false) => Ok(Some(former)),
            used => {
                self.write(&keys)?;
                used.map(|_| None)
            }
        }
    }

    /// Name of the newest key, as the file is now.
    pub(super) fn newest_id(&self) -> Result<KeyId, KeyFileError> {
        Ok(load(&self.path)?.keys[0].id())
    }

    /// Whether a key is in the file, as that is now.
    pub(super) fn is_in_file(&self, id: KeyId) -> bool {
        self.reload();
        self.loaded(|loaded| loaded.keys.iter().any(|key| key.id() == id))
    }

    fn write(&self, keys: &[WrappingKey]) -> Result<(), KeyFileError> {
        let written = mp_durable::replace(&self.path, text(keys).as_bytes(), Readers::AsBefore);
        written.map_err(|source| failed("write", &self.path, source))?;
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = load(&self.path)?;
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the keys, the newest first.
    #[must_use]
    pub fn ids(&self) -> Vec<KeyId> {
        self.loaded(|loaded| loaded.keys.iter().map(WrappingKey::id).collect())
    }

    /// Name and time (RFC 3339) of each key, the newest first.
    #[must_use]
    pub fn listed(&self) -> Vec<(KeyId, String)> {
        self.loaded(|loaded| loaded.keys.iter().map(|key| (key.id(), key.created.clone())).collect())
    }

    pub(super) fn newest(&self) -> WrappingKey {
        let modified = fs::metadata(&self.path).and_then(|metadata| metadata.modified()).ok();
        if modified.is_some() && modified != self.loaded(|loaded| loaded.modified) {
            self.reload();
        }
        self.loaded(|loaded| loaded.keys[0].clone())
    }

    pub(super) fn find(&self, id: KeyId) -> Option<WrappingKey> {
        let find = || self.loaded(|loaded| loaded.keys.iter().find(|key| key.id() == id).cloned());
        find().or_else(|| {
            self.reload();
            find()
        })
    }

    /// Reads the file again. What was read before counts on when that fails: the file may be on its way.
    fn reload(&self) {
        match load(&self.path) {
            Ok(loaded) => *self.read.write().unwrap_or_else(PoisonError::into_inner) = loaded,
            Err(error) => {
                tracing::warn!(error = crate::refusal::chain(&error), "The keys stay as they were read")
            }
        }
    }

    fn loaded<T>(&self, look: impl FnOnce(&Loaded) -> T) -> T {
        look(&self.read.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("path", &self.path).finish_non_exhaustive()
    }
}

fn load(path: &Path) -> Result<Loaded, KeyFileError> {
    let read = || {
        let file = fs::File::open(path)?;
        let metadata = file.metadata()?;
        let mut text = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut text)?;
        Ok((text, metadata))
    };
    let (text, metadata) = read().map_err(|source| failed("read", path, source))?;
    check_readers(path, &metadata)?;
    let wrong = |why: String| KeyFileError::NotAKeyFile { path: path.to_owned(), why };
    let content: Content = serde_json::from_slice(&text).map_err(|error| wrong(told(&error)))?;
    if content.format != FORMAT {
        return Err(wrong(format!("it has layout {}, this software knows {FORMAT}", content.format)));
    }
    if content.keys.is_empty() || content.keys.len() > MAX_KEYS {
        return Err(wrong(format!("it has {} keys, expected 1 to {MAX_KEYS}", content.keys.len())));
    }
    let keys = content.keys.into_iter().map(|entry| {
        let bytes = STANDARD.decode(&entry.key).ok().and_then(|bytes| bytes.try_into().ok());
        let key = bytes.map(|bytes| WrappingKey { bytes, created: entry.created });
        key.filter(|key| key.id().to_string() == entry.id)
            .ok_or_else(|| wrong(format!("the key {:.16} is not what was written", entry.id)))
    });
    Ok(Loaded { keys: keys.collect::<Result<_, _>>()?, modified: metadata.modified().ok() })
}

/// What the parser says, without what it found there.
fn told(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

#[cfg(unix)]
fn check_readers(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyFileError> {
    use std::os::unix::fs::MetadataExt as _;
    // A group may read it: that of the service's account.
    match metadata.mode() & 0o777 {
        mode if mode & 0o037 != 0 => Err(KeyFileError::Open { path: path.to_owned(), mode }),
        _ => Ok(()),
    }
}

/// On Windows the access list of the folder keeps others out, as it does for the identity's key.
#[cfg(not(unix))]
fn check_readers(_: &Path, _: &fs::Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

fn text(keys: &[WrappingKey]) -> String {
    let entry = |key: &WrappingKey| Entry {
        id: key.id().to_string(),
        key: STANDARD.encode(key.bytes),
        created: key.created.clone(),
    };
    let content = Content { format: FORMAT, keys: keys.iter().map(entry).collect() };
    let mut text =
        serde_json::to_string_pretty(&content).expect("these types have no keys that are not texts");
    text.push('\n');
    text
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::File { doing, path: path.to_owned(), source }
}
