use std::{sync::Arc, time::SystemTime};

use mp_profile::{GroupName, Scope, Sid, VersionTag};
use mp_protocol::{MachineCertificate, MachineId, MachineRole, StoragePlan};

use crate::{
    Backend, Code, DataSetFile, Refusal,
    backend::{Base, Key, QuarantineNote, Read, Removed, Replaced, Version},
};

/// What the current plan grants to an Agent. Made anew for every request, so that a changed plan counts at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentAccess {
    id: MachineId,
    name: String,
    group: Option<GroupName>,
    keep: u32,
}

impl AgentAccess {
    /// Finds out what a certificate, which TLS has verified, may reach.
    ///
    /// # Errors
    /// When it reaches nothing.
    pub fn admit(
        plan: &StoragePlan,
        certificate: &MachineCertificate,
        now: SystemTime,
    ) -> Result<Self, Refusal> {
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
        Ok(Self {
            id: agent.id.clone(),
            name: agent.name.clone(),
            group: agent.group.clone(),
            keep: plan.keep_versions,
        })
    }

    /// The Agent.
    #[must_use]
    pub fn id(&self) -> &MachineId {
        &self.id
    }

    /// Name of the Agent Server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scopes that the Agent reaches.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        [Scope::Global].into_iter().chain(self.group.clone().map(Scope::Group)).collect()
    }

    fn key(&self, scope: &Scope, sid: &Sid) -> Result<Key, Refusal> {
        let own = match scope {
            Scope::Global => true,
            Scope::Group(name) => self.group.as_ref() == Some(name),
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
}

/// All data sets of the server. Handlers reach them only through [`Store::of`].
#[derive(Clone)]
pub struct Store(Arc<dyn Backend>);

impl Store {
    /// A store over a backend.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// The part that an Agent reaches.
    #[must_use]
    pub fn of(&self, access: AgentAccess) -> AgentStore {
        AgentStore { backend: Arc::clone(&self.0), access }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// The part of the store that one Agent reaches: its group's data sets and the global ones. Calls block.
pub struct AgentStore {
    backend: Arc<dyn Backend>,
    access: AgentAccess,
}

impl AgentStore {
    /// See [`Backend::version`].
    ///
    /// # Errors
    /// When the Agent does not reach the scope, or the backend fails.
    pub fn version(&self, scope: &Scope, sid: &Sid) -> Result<Option<Version>, Refusal> {
        Ok(self.backend.version(&self.access.key(scope, sid)?)?)
    }

    /// See [`Backend::read`].
    ///
    /// # Errors
    /// When the Agent does not reach the scope, or the backend fails.
    pub fn read(&self, scope: &Scope, sid: &Sid, held: Option<&VersionTag>) -> Result<Read, Refusal> {
        Ok(self.backend.read(&self.access.key(scope, sid)?, held)?)
    }

    /// See [`Backend::replace`].
    ///
    /// # Errors
    /// When the Agent does not reach the scope, or the backend fails.
    pub fn replace(
        &self,
        scope: &Scope,
        sid: &Sid,
        base: &Base,
        file: &DataSetFile,
    ) -> Result<Replaced, Refusal> {
        Ok(self.backend.replace(&self.access.key(scope, sid)?, base, file, self.access.keep)?)
    }

    /// See [`Backend::remove`].
    ///
    /// # Errors
    /// When the Agent does not reach the scope, or the backend fails.
    pub fn remove(&self, scope: &Scope, sid: &Sid, base: &VersionTag) -> Result<Removed, Refusal> {
        Ok(self.backend.remove(&self.access.key(scope, sid)?, base, self.access.keep)?)
    }

    /// See [`Backend::quarantine`].
    ///
    /// # Errors
    /// When the Agent does not reach the scope, or the backend fails.
    pub fn quarantine(
        &self,
        scope: &Scope,
        sid: &Sid,
        file: &DataSetFile,
        reason: String,
        received: SystemTime,
    ) -> Result<(), Refusal> {
        let note = QuarantineNote { reason, agent: self.access.name.clone(), received };
        Ok(self.backend.quarantine(&self.access.key(scope, sid)?, file, &note)?)
    }

    /// Whether the Agent reaches a scope, before a body is taken for it.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(&self, scope: &Scope, sid: &Sid) -> Result<(), Refusal> {
        self.access.key(scope, sid).map(drop)
    }
}

impl std::fmt::Debug for AgentStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentStore").field("access", &self.access).finish()
    }
}
