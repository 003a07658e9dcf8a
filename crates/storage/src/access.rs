use std::time::SystemTime;

use mp_profile::{GroupName, Scope, Sid};
use mp_protocol::{
    MachineCertificate, MachineId, MachineRole, PeerServer, StoragePlan, certificate_of_console,
};

use crate::{
    Code, Refusal,
    backend::{Author, Key, Retention},
};

/// Whose certificate it is that TLS has verified. It is read once for a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Peer {
    /// A machine of the farm.
    Machine(MachineCertificate),
    /// Not a machine: the console, perhaps. The certificate (DER), and why it is not that of a machine.
    Other(Vec<u8>, String),
}

impl Peer {
    /// Reads a certificate (DER).
    #[must_use]
    pub fn new(certificate: &[u8]) -> Self {
        match MachineCertificate::from_der(certificate) {
            Ok(machine) => Self::Machine(machine),
            Err(error) => Self::Other(certificate.to_vec(), error.to_string()),
        }
    }
}

/// What the current plan grants to whoever asks. Made anew for every request, so that a changed plan counts at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    reach: Reach,
    /// By scope, for the scopes that have rules of their own; and for all others.
    retention: Vec<(Scope, Retention)>,
    otherwise: Retention,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Reach {
    /// The global data sets, where they are kept here, and those of this group.
    Agent {
        id: MachineId,
        name: String,
        group: Option<GroupName>,
        /// Groups that it was in, for what its spool still holds of them.
        former: Vec<GroupName>,
        global: bool,
    },
    /// Another Storage Server: the versions of these scopes, to take them over.
    Peer { name: String, scopes: Vec<Scope> },
    /// All, and what administrators do.
    All { name: &'static str },
}

impl Access {
    /// Finds out what whoever has shown a certificate may reach: that of an Agent what the plan says; that of the
    /// console, and the Storage Server's own, all. Whoever has the server's own key can read its files anyway.
    ///
    /// # Errors
    /// When it reaches nothing.
    pub fn admit(plan: &StoragePlan, peer: &Peer, now: SystemTime) -> Result<Self, Refusal> {
        let certificate = match peer {
            Peer::Machine(certificate) => certificate,
            Peer::Other(certificate, _) if certificate_of_console(certificate, now) => {
                return Ok(Self::of(plan, Reach::All { name: "console" }));
            }
            Peer::Other(_, why) => return Err(Refusal::new(Code::NotAnAgent, why.clone())),
        };
        let own = certificate.machine.role == MachineRole::Storage && certificate.machine.id == plan.server;
        if own && certificate.is_valid_at(now) {
            return Ok(Self::of(plan, Reach::All { name: "local" }));
        }
        if certificate.machine.role == MachineRole::Storage {
            return Self::admit_peer(plan, certificate, now);
        }
        if certificate.machine.role != MachineRole::Agent {
            return Err(Refusal::new(Code::NotAnAgent, "only agents are served here"));
        }
        let agent = plan.agents.iter().find(|agent| agent.id == certificate.machine.id).ok_or_else(|| {
            Refusal::new(
                Code::AgentNotListed,
                "this agent server is not assigned to this storage server; assign it in the console",
            )
        })?;
        let listed = agent.certificates.contains(&certificate.serial);
        if !listed || !certificate.is_valid_at(now) {
            let message = "the agent's certificate was revoked, replaced or is not valid now; enrol the agent again, or \
                           check the clocks";
            return Err(Refusal::new(Code::CertificateNotListed, message));
        }
        let reach = Reach::Agent {
            id: agent.id.clone(),
            name: agent.name.clone(),
            group: agent.group.clone(),
            former: agent.former_groups.clone(),
            global: plan.keeps_global,
        };
        Ok(Self::of(plan, reach))
    }

    fn admit_peer(
        plan: &StoragePlan,
        certificate: &MachineCertificate,
        now: SystemTime,
    ) -> Result<Self, Refusal> {
        let lists = |peer: &&PeerServer| {
            peer.machines.iter().any(|machine| {
                machine.id == certificate.machine.id && machine.certificates.contains(&certificate.serial)
            })
        };
        let peer =
            plan.peers.iter().find(lists).filter(|_| certificate.is_valid_at(now)).ok_or_else(|| {
                let message = "only agents are served here, and storage servers that keep the same scopes";
                Refusal::new(Code::NotAnAgent, message)
            })?;
        let scopes = peer.scopes.iter().map(|shared| shared.scope.clone()).collect();
        Ok(Self::of(plan, Reach::Peer { name: peer.target.name.clone(), scopes }))
    }

    fn of(plan: &StoragePlan, reach: Reach) -> Self {
        let scopes = plan.retention.iter().map(|rule| &rule.scope);
        let retention = scopes.map(|scope| (scope.clone(), Retention::of(plan, scope))).collect();
        Self { reach, retention, otherwise: Retention::newest(plan.keep_versions) }
    }

    /// Under what its share of the service is counted: the id of an Agent, `console` or `local`.
    #[must_use]
    pub fn holder(&self) -> &str {
        match &self.reach {
            Reach::Agent { id, .. } => id.as_str(),
            Reach::Peer { name, .. } => name,
            Reach::All { name } => name,
        }
    }

    /// Name of the Agent Server; `console`, or `local` for the server's own certificate.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.reach {
            Reach::Agent { name, .. } | Reach::Peer { name, .. } => name,
            Reach::All { name } => name,
        }
    }

    /// The scopes whose data sets an Agent uses, or another Storage Server takes over. Of those of an administrator the list is not kept.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        match &self.reach {
            Reach::Agent { group, global, .. } => {
                let global = global.then_some(Scope::Global);
                global.into_iter().chain(group.clone().map(Scope::Group)).collect()
            }
            Reach::Peer { scopes, .. } => scopes.clone(),
            Reach::All { .. } => vec![Scope::Global],
        }
    }

    /// Whether it is an Agent's.
    #[must_use]
    pub(crate) fn is_agent(&self) -> bool {
        matches!(self.reach, Reach::Agent { .. })
    }

    /// Whether it is another Storage Server's, or an administrator's.
    ///
    /// # Errors
    /// When it is not, or the scope is out of reach.
    pub fn check_looks(&self, scope: &Scope) -> Result<(), Refusal> {
        match &self.reach {
            Reach::All { .. } => Ok(()),
            Reach::Peer { scopes, .. } if scopes.contains(scope) => Ok(()),
            Reach::Peer { .. } => Err(other_scope()),
            Reach::Agent { .. } => self.check_administrator(),
        }
    }

    /// Whether something may be written.
    ///
    /// # Errors
    /// When it is another Storage Server's, which only takes over what is here.
    pub fn check_writes(&self) -> Result<(), Refusal> {
        match self.reach {
            Reach::Peer { .. } => {
                let message = "a storage server only reads what another one has";
                Err(Refusal::new(Code::NotAnAgent, message))
            }
            _ => Ok(()),
        }
    }

    /// Who does what is done with this access. `by` is who asks an administrator's connection to do it.
    #[must_use]
    pub fn author(&self, by: &str) -> Author {
        match &self.reach {
            Reach::Agent { id, name, .. } => Author::Agent { id: id.clone(), name: name.clone() },
            Reach::Peer { .. } => Author::Service,
            Reach::All { name } if by.is_empty() => Author::Administrator((*name).to_owned()),
            Reach::All { name } => Author::Administrator(format!("{by} ({name})")),
        }
    }

    /// Whether it may do what administrators do.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_administrator(&self) -> Result<(), Refusal> {
        match self.reach {
            Reach::All { .. } => Ok(()),
            Reach::Agent { .. } | Reach::Peer { .. } => Err(Refusal::new(
                Code::NotAdministrator,
                "only the console and the storage server itself may do this",
            )),
        }
    }

    /// A user's data set of a scope.
    ///
    /// # Errors
    /// When the scope is out of reach.
    pub fn key(&self, scope: &Scope, sid: &Sid) -> Result<Key, Refusal> {
        let own = match (&self.reach, scope) {
            (Reach::All { .. }, _) => true,
            (Reach::Peer { scopes, .. }, _) => scopes.contains(scope),
            (Reach::Agent { global, .. }, Scope::Global) => *global,
            (Reach::Agent { group, former, .. }, Scope::Group(name)) => {
                group.as_ref() == Some(name) || former.contains(name)
            }
        };
        own.then(|| Key { scope: scope.clone(), sid: sid.clone() }).ok_or_else(other_scope)
    }

    /// Which former versions stay in a scope.
    #[must_use]
    pub fn retention(&self, scope: &Scope) -> &Retention {
        let own = self.retention.iter().find(|(of, _)| of == scope);
        own.map_or(&self.otherwise, |(_, retention)| retention)
    }
}

fn other_scope() -> Refusal {
    Refusal::new(
        Code::OtherGroup,
        "this machine is not in the group whose data set it asks for, or the data sets of the scope are kept elsewhere",
    )
}
