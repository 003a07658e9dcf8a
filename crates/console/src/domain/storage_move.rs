//! Moving a scope from one Storage Server to another while users work.

use std::fmt;

use mp_profile::Scope;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Configuration, StorageServer, UnixMillis, name_key};

/// A move, under way or over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StorageMove {
    pub(crate) id: String,
    pub(crate) scope: Scope,
    /// Names of Storage Servers.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) phase: Phase,
    /// Which look at all users counts.
    pub(crate) round: u64,
    pub(crate) started_at: UnixMillis,
    pub(crate) started_by: String,
    pub(crate) switched_at: Option<UnixMillis>,
    pub(crate) ended_at: Option<UnixMillis>,
}

/// How far a move is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// The new server takes over what the old one has; Agents use the old one.
    Copying,
    /// Agents are told to use the new one; what comes to the old one still is brought over.
    Switched,
    /// No Agent uses the old one any more; it is looked at once more.
    Finishing,
    /// Done: the old one keeps what it has, and serves none of it.
    Ended,
    /// Given up before Agents were told.
    Cancelled,
}

impl Phase {
    /// As it is stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Copying => "copying",
            Self::Switched => "switched",
            Self::Finishing => "finishing",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }

    /// The phase of a word; the database lets no other text in.
    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "copying" => Self::Copying,
            "switched" => Self::Switched,
            "finishing" => Self::Finishing,
            "cancelled" => Self::Cancelled,
            _ => Self::Ended,
        }
    }

    /// Whether it still goes on.
    pub(crate) fn is_under_way(self) -> bool {
        !matches!(self, Self::Ended | Self::Cancelled)
    }
}

impl fmt::Display for StorageMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "move of {} from \"{}\" to \"{}\"", self.scope, self.from, self.to)
    }
}

impl Configuration {
    /// The Storage Servers of a scope, in the order in which Agents try them; none of a group that is not there.
    pub(crate) fn servers_of(&self, scope: &Scope) -> Vec<&StorageServer> {
        match scope {
            Scope::Global => self.global_storage_servers(),
            Scope::Group(name) => {
                self.group(Some(name)).map_or_else(Vec::new, |group| self.storage_servers_of(group))
            }
        }
    }

    /// Puts a Storage Server in the place of another one in the list of a scope. False when that one is not in it.
    pub(crate) fn put_in_place(&mut self, scope: &Scope, from: &str, to: &str) -> bool {
        let names = |servers: Vec<&StorageServer>| -> Vec<String> {
            servers.into_iter().map(|server| server.name.clone()).collect()
        };
        let mut servers = names(self.servers_of(scope));
        let (from, to_key) = (name_key(from), name_key(to));
        let Some(place) = servers.iter().position(|name| name_key(name) == from) else { return false };
        servers.retain(|name| name_key(name) != to_key);
        let place = place.min(servers.len().saturating_sub(1));
        if let Some(replaced) = servers.get_mut(place) {
            *replaced = to.to_owned();
        }
        match scope {
            Scope::Global => {
                for server in &mut self.storage_servers {
                    server.keeps_global = servers.iter().any(|name| name_key(name) == name_key(&server.name));
                }
            }
            Scope::Group(name) => {
                let group = self.groups.iter_mut().find(|group| group.name == *name);
                let mut servers = servers.into_iter();
                if let Some(group) = group {
                    group.storage_server = servers.next();
                    group.other_storage_servers = servers.collect();
                }
            }
        }
        true
    }
}
