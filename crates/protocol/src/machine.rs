use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Identity of an enrolled machine: 32 lower-case hexadecimal digits, given by the console.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct MachineId(String);

/// A text is not a machine identity.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{0}\" is not a machine identity: expected 32 lower-case hexadecimal digits")]
pub struct InvalidMachineId(String);

impl MachineId {
    /// From 16 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineId {
    type Err = InvalidMachineId;

    fn from_str(text: &str) -> Result<Self, InvalidMachineId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 32 && text.bytes().all(digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidMachineId(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MachineId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What an enrolled machine is to the farm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MachineRole {
    /// A session host that runs the Agent.
    Agent,
    /// A machine that runs the Storage Service.
    Storage,
}

impl fmt::Display for MachineRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agent => "agent",
            Self::Storage => "storage",
        })
    }
}

/// Role and identity as a machine's certificate carries them: the URI name `urn:metaprofiles:<role>:<id>` among its
/// subject alternative names.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MachineName {
    /// What the machine is.
    pub role: MachineRole,
    /// Which one it is.
    pub id: MachineId,
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:metaprofiles:{}:{}", self.role, self.id)
    }
}

impl FromStr for MachineName {
    type Err = InvalidMachineId;

    fn from_str(text: &str) -> Result<Self, InvalidMachineId> {
        let invalid = || InvalidMachineId(text.chars().take(80).collect());
        let rest = text.strip_prefix("urn:metaprofiles:").ok_or_else(invalid)?;
        let (role, id) = rest.split_once(':').ok_or_else(invalid)?;
        let role = match role {
            "agent" => MachineRole::Agent,
            "storage" => MachineRole::Storage,
            _ => return Err(invalid()),
        };
        Ok(Self { role, id: id.parse()? })
    }
}
