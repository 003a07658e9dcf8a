use std::time::SystemTime;

use mp_profile::{GroupName, Scope, Sid};
use mp_protocol::{MachineCertificate, MachineId, MachineRole, StoragePlan, certificate_of_console};

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
    /// The global data sets, and those of this group.
    Agent { id: MachineId, name: String, group: Option<GroupName> },
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
        let (id, name, group) = (agent.id.clone(), agent.name.clone(), agent.group.clone());
        Ok(Self::of(plan, Reach::Agent { id, name, group }))
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
            Reach::All { name } => name,
        }
    }

    /// Name of the Agent Server; `console`, or `local` for the server's own certificate.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.reach {
            Reach::Agent { name, .. } => name,
            Reach::All { name } => name,
        }
    }

    /// The scopes that an Agent reaches. Of those of an administrator the list is not kept.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        let group = match &self.reach {
            Reach::Agent { group, .. } => group.clone(),
            Reach::All { .. } => None,
        };
        [Scope::Global].into_iter().chain(group.map(Scope::Group)).collect()
    }

    /// Who does what is done with this access. `by` is who asks an administrator's connection to do it.
    #[must_use]
    pub fn author(&self, by: &str) -> Author {
        match &self.reach {
            Reach::Agent { id, name, .. } => Author::Agent { id: id.clone(), name: name.clone() },
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
            Reach::Agent { .. } => Err(Refusal::new(
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
            (Reach::All { .. }, _) | (_, Scope::Global) => true,
            (Reach::Agent { group, .. }, Scope::Group(name)) => group.as_ref() == Some(name),
        };
        if own {
            Ok(Key { scope: scope.clone(), sid: sid.clone() })
        } else {
            Err(Refusal::new(
                Code::OtherGroup,
                "this agent server is not in the group whose data set it asks for",
            ))
        }
    }

    /// Which former versions stay in a scope.
    #[must_use]
    pub fn retention(&self, scope: &Scope) -> &Retention {
        let own = self.retention.iter().find(|(of, _)| of == scope);
        own.map_or(&self.otherwise, |(_, retention)| retention)
    }
}
