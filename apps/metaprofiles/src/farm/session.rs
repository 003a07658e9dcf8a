use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use mp_durable::Readers;
use serde::{Deserialize, Serialize};

/// What `login` keeps: where the console is, how it is known again, and the token that stands for the administrator.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Session {
    pub(super) console: String,
    pub(super) authority_sha256: Fingerprint,
    pub(super) name: String,
    pub(super) token: String,
    /// RFC 3339.
    pub(super) expires: String,
}

impl Session {
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        match Self::find(path)? {
            Some(session) => Ok(session),
            None => bail!("nobody is signed in; sign in with `metaprofiles login --console URL --name NAME`"),
        }
    }

    /// The session, if there is one.
    pub(super) fn find(path: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let session = serde_json::from_slice(&text);
        let session = session.with_context(|| format!("{} is damaged; sign in again", path.display()))?;
        Ok(Some(session))
    }

    /// Saves the session for its owner's eyes only.
    pub(super) fn save(&self, path: &Path) -> anyhow::Result<()> {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        let save = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            let text = serde_json::to_string_pretty(self)? + "\n";
            mp_durable::replace(path, text.as_bytes(), Readers::OwnerOnly)
        };
        save().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Where the session is kept if nothing else is said: in the user's own folder for settings.
pub(super) fn default_file() -> PathBuf {
    let folder = |name: &str| env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let settings = match cfg!(windows) {
        true => folder("APPDATA"),
        false => folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config"))),
    };
    settings.unwrap_or_default().join("metaprofiles").join("session.json")
}

/// SHA-256 of an authority's certificate (DER).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Fingerprint(pub(super) [u8; 32]);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = &'static str;

    /// Takes upper and lower case, with and without colons.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected 64 hexadecimal digits";
        let digits: Option<Vec<u32>> =
            text.chars().filter(|&digit| digit != ':').map(|digit| digit.to_digit(16)).collect();
        let digits = digits.ok_or(EXPECTED)?;
        let (pairs, odd) = digits.as_chunks::<2>();
        let bytes: Result<Vec<u8>, _> =
            pairs.iter().map(|&[high, low]| u8::try_from(high << 4 | low)).collect();
        let bytes = bytes.ok().filter(|_| odd.is_empty()).ok_or(EXPECTED)?;
        bytes.try_into().map(Self).map_err(|_| EXPECTED)
    }
}
