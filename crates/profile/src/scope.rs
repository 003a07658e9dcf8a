use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which Agent Servers share a data set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All Agent Servers of the farm.
    Global,
    /// The Agent Servers of one group.
    Group(GroupName),
}

impl fmt::Display for Scope {
    /// As in the paths of the storage API: `global`, or `group:NAME`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}

impl FromStr for Scope {
    type Err = InvalidGroupName;

    fn from_str(text: &str) -> Result<Self, InvalidGroupName> {
        match text.strip_prefix("group:") {
            Some(name) => name.parse().map(Self::Group),
            None if text == "global" => Ok(Self::Global),
            None => Err(InvalidGroupName { text: text.chars().take(200).collect() }),
        }
    }
}

/// Name of an Agent Server Group.
///
/// INVARIANT: 1 to 64 ASCII letters, digits, `-` and `_`, starting with a letter or digit, and no name that Windows keeps
/// for devices. So it is safe as a folder name and in a URL, and the same to file systems that fold case differently.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct GroupName(String);

/// A text is not a group name (or not a scope).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "\"{text}\" is not a group name: expected 1 to 64 letters, digits, hyphens and underscores, starting with a letter or \
     digit, and no device name such as CON or LPT1"
)]
pub struct InvalidGroupName {
    text: String,
}

impl GroupName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for GroupName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for GroupName {}

impl std::hash::Hash for GroupName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl PartialOrd for GroupName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GroupName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let fold = |name: &Self| name.0.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
        fold(self).cmp(&fold(other))
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for GroupName {
    type Err = InvalidGroupName;

    fn from_str(text: &str) -> Result<Self, InvalidGroupName> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let device = ["con", "prn", "aux", "nul"].iter().any(|name| text.eq_ignore_ascii_case(name))
            || (text.len() == 4
                && text.is_ascii()
                && ["com", "lpt"].iter().any(|name| text[..3].eq_ignore_ascii_case(name))
                && text.as_bytes()[3].is_ascii_digit());
        if text.len() <= 64 && starts && text.bytes().all(legal) && !device {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidGroupName { text: text.chars().take(200).collect() })
        }
    }
}

impl<'de> Deserialize<'de> for GroupName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
