use std::{collections::BTreeMap, fmt, fs, io, path::Path, str::FromStr};

/// No prefix is longer, in bytes: the names of objects have at most 1,024.
const MAX_PREFIX: usize = 400;

/// Where the objects are: `s3://bucket/prefix`, `az://container/prefix` or `gs://bucket/prefix`; the prefix may be left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreAddress {
    pub(super) kind: StoreKind,
    pub(super) bucket: String,
    pub(super) prefix: String,
}

/// Whose protocol an object store speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StoreKind {
    S3,
    Azure,
    Google,
}

impl StoreKind {
    fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "az",
            Self::Google => "gs",
        }
    }
}

/// A text is not the address of an object store.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "\"{0}\" is not the address of an object store: expected s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX, \
     of letters, digits, dots, hyphens and underscores; credentials belong into the environment"
)]
pub struct InvalidStoreAddress(String);

impl FromStr for StoreAddress {
    type Err = InvalidStoreAddress;

    fn from_str(text: &str) -> Result<Self, InvalidStoreAddress> {
        let invalid = || {
            // What stands before an @ may be a password.
            let shown = text.rsplit('@').next().unwrap_or_default();
            InvalidStoreAddress(shown.chars().take(200).collect())
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
        let kinds = [StoreKind::S3, StoreKind::Azure, StoreKind::Google];
        let kind = kinds.into_iter().find(|kind| kind.scheme() == scheme).ok_or_else(invalid)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let fine = |part: &str| {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            !part.is_empty() && part.bytes().all(legal) && part != "." && part != ".."
        };
        let fine_prefix = prefix.is_empty() || (prefix.len() <= MAX_PREFIX && prefix.split('/').all(fine));
        if !fine(bucket) || !fine_prefix {
            return Err(invalid());
        }
        Ok(Self { kind, bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.kind.scheme(), self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// Names and values as in a process's environment, with credentials among them: never shown.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// Adds what a file says, a line `NAME=value` for each, as systemd's `EnvironmentFile=` has it. What is there already
    /// stays.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is none of these; its content is in no error.
    pub fn add_file(&mut self, path: &Path) -> io::Result<()> {
        for (index, line) in fs::read_to_string(path)?.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                let told = format!("line {} is not NAME=value", index + 1);
                return Err(io::Error::new(io::ErrorKind::InvalidData, told));
            };
            let value = value.trim();
            let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            self.0.entry(name.trim().to_owned()).or_insert_with(|| unquoted.to_owned());
        }
        Ok(())
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::StoreAddress;

    fn read(text: &str) -> Result<String, String> {
        let address = text.parse::<StoreAddress>();
        address.map(|address| address.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_are_read_and_written() {
        for good in ["s3://profiles", "az://profiles/farm-1", "gs://a.b/c/d_e"] {
            assert_eq!(read(good).as_deref(), Ok(good));
        }
        assert_eq!(read("s3://profiles/").as_deref(), Ok("s3://profiles"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_credentials() {
        for bad in ["", "s3:/x", "ftp://x", "s3://", "s3://b/../c", "s3://b//c", "s3://b?x=1", "s3://b/ü"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let told = read("s3://key:secret@profiles").err().unwrap_or_default();
        assert!(!told.contains("secret") && told.contains("profiles"), "{told}");
    }
}
