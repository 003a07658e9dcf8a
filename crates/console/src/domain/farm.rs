use std::collections::BTreeMap;

use mp_profile::GroupName;
use mp_protocol::{MachineId, MachineRole};

use super::{Configuration, Refusal, StorageMove, UnixMillis};

/// All that plans are made of, as it was at one revision.
#[derive(Clone, Debug)]
pub(crate) struct Farm {
    /// Grows with every change of anything in it.
    pub(crate) revision: i64,
    pub(crate) configuration: Configuration,
    pub(crate) machines: BTreeMap<MachineId, Machine>,
    /// Those that are under way.
    pub(crate) moves: Vec<StorageMove>,
}

/// A machine that joined the farm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Machine {
    pub(crate) id: MachineId,
    pub(crate) role: MachineRole,
    pub(crate) name: String,
    /// Agents only.
    pub(crate) group: Option<GroupName>,
    /// Agents only: the groups that it was in, and until when its spool may hold something for them.
    pub(crate) former_groups: Vec<(GroupName, UnixMillis)>,
    /// Storage machines only: the name of their Storage Server.
    pub(crate) storage_server: Option<String>,
    pub(crate) state: MachineState,
    pub(crate) enrolled_at: UnixMillis,
    /// About when it last asked for its plan.
    pub(crate) last_seen_at: Option<UnixMillis>,
    pub(crate) version: i64,
    /// Those that are not over; oldest first.
    pub(crate) certificates: Vec<KnownCertificate>,
}

/// Whether a machine may come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MachineState {
    Active,
    Revoked,
}

/// Which machines are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct MachineFilter {
    /// Only machines in these groups.
    pub(crate) within: Option<Vec<GroupName>>,
    pub(crate) role: Option<MachineRole>,
    pub(crate) state: Option<MachineState>,
    pub(crate) group: Option<GroupName>,
    /// Part of the name or of the identity, in any case.
    pub(crate) search: Option<String>,
}

/// A certificate that the authority gave to a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KnownCertificate {
    /// As [`mp_protocol::serial_text`] writes it.
    pub(crate) serial: String,
    /// Its end, or earlier when a newer one replaced it.
    pub(crate) accepted_until: UnixMillis,
    pub(crate) revoked: bool,
}

/// What a verified certificate says of the machine at the other end of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Peer {
    pub(crate) role: MachineRole,
    pub(crate) id: MachineId,
    pub(crate) serial: String,
}

impl Machine {
    /// Serial numbers of the certificates that let it in now.
    pub(super) fn serials(&self, now: UnixMillis) -> Vec<String> {
        let valid = self.certificates.iter().filter(|known| known.is_accepted(now));
        valid.map(|known| known.serial.clone()).collect()
    }

    /// The groups that it was in until lately.
    pub(super) fn groups_left(&self, now: UnixMillis) -> impl Iterator<Item = &GroupName> {
        self.former_groups.iter().filter(move |(_, until)| now < *until).map(|(group, _)| group)
    }

    /// Whether a certificate lets it in now.
    fn accepts(&self, serial: &str, now: UnixMillis) -> bool {
        self.certificates.iter().any(|known| known.serial == serial && known.is_accepted(now))
    }
}

impl KnownCertificate {
    pub(crate) fn is_accepted(&self, now: UnixMillis) -> bool {
        !self.revoked && now < self.accepted_until
    }
}

impl Farm {
    /// The machine that shows a certificate. The TLS handshake has proved that the authority issued it and that it is not
    /// over; here it is asked whether the farm still wants it.
    ///
    /// # Errors
    /// When the machine is unknown or revoked, or the certificate was replaced.
    pub(crate) fn authenticate(&self, peer: &Peer, now: UnixMillis) -> Result<&Machine, Refusal> {
        let machine = self
            .machines
            .get(&peer.id)
            .filter(|machine| machine.role == peer.role)
            .ok_or_else(|| Refusal::UnknownCertificate(format!("{} {}", peer.role, peer.id)))?;
        match machine.state {
            MachineState::Revoked => Err(Refusal::Revoked),
            MachineState::Active if !machine.accepts(&peer.serial, now) => Err(Refusal::Replaced),
            MachineState::Active => Ok(machine),
        }
    }
}
