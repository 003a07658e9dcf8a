use mp_profile::GroupName;
use mp_protocol::{MachineId, MachineRole};

use super::{Administrator, Core, Expected, Tagged};
use crate::{
    domain::{Farm, Kind, Machine, MachineFilter, MachineState, Page, Paging, Refusal, UnixMillis},
    repository::{AuditChange, AuditFilter, AuditLine, AuditProof},
};

/// For so long a moved Agent Server may send what its spool holds for the group that it was in.
const FORMER_GROUP: i64 = 30 * UnixMillis::DAY;

impl Core {
    /// Machines that ever joined.
    pub(crate) async fn machines(
        &self,
        caller: &Administrator,
        filter: MachineFilter,
        paging: &Paging,
    ) -> Result<Page<Machine>, Refusal> {
        self.database.machines(&MachineFilter { within: caller.groups(), ..filter }, paging).await
    }

    /// One machine.
    pub(crate) async fn machine(
        &self,
        caller: &Administrator,
        id: &MachineId,
    ) -> Result<Tagged<Machine>, Refusal> {
        let machine = self.database.machine(id).await?.filter(|machine| {
            let groups = caller.groups();
            groups.is_none_or(|groups| machine.group.as_ref().is_some_and(|group| groups.contains(group)))
        });
        machine.map(tagged).ok_or_else(|| Refusal::NoMachine(id.clone()))
    }

    /// Puts an Agent Server into a group, or into none.
    pub(crate) async fn assign_group(
        &self,
        caller: &Administrator,
        id: &MachineId,
        group: Option<&GroupName>,
        expected: &Expected,
    ) -> Result<Tagged<Machine>, Refusal> {
        let mut write = self.write().await?;
        let (farm, ids) = write.farm_of(id).await?;
        let machine = find(&farm, id)?;
        expected.require(&machine.version.to_string())?;
        if machine.role != MachineRole::Agent {
            return Err(Refusal::NoAgent(id.clone()));
        }
        if machine.state == MachineState::Revoked {
            return Err(Refusal::MachineRevoked(id.clone()));
        }
        let group_id = group
            .map(|name| {
                let id = ids.id(Kind::Group, name.as_str());
                id.ok_or_else(|| Refusal::NotFound { kind: Kind::Group, name: name.to_string() })
            })
            .transpose()?;
        if machine.group.as_ref() == group {
            return Ok(tagged(machine.clone()));
        }
        let before = machine.group.as_ref().map(|name| format!("group {name}"));
        let former_until = write.now.plus(FORMER_GROUP);
        write.assign_group(id, group_id, former_until).await?;
        let machine = Machine { group: group.cloned(), version: write.revision, ..machine.clone() };
        let details = group.map_or_else(|| "no group".to_owned(), |name| format!("group {name}"));
        let subject = format!("machine {id}");
        let mut entry = caller.did("assigned", subject.clone(), details.clone());
        entry.changes.push(AuditChange { subject, before, after: Some(details) });
        write.commit(entry).await?;
        Ok(tagged(machine))
    }

    /// Shuts a machine out for ever. Its row stays, for the record.
    pub(crate) async fn revoke(
        &self,
        caller: &Administrator,
        id: &MachineId,
        expected: &Expected,
    ) -> Result<(), Refusal> {
        let mut write = self.write().await?;
        let (farm, _) = write.farm_of(id).await?;
        let machine = find(&farm, id)?;
        if machine.state == MachineState::Revoked {
            return Ok(());
        }
        expected.require(&machine.version.to_string())?;
        write.revoke(id).await?;
        write.commit(caller.did("revoked", format!("machine {id}"), machine.name.clone())).await
    }

    /// What was done to the farm.
    pub(crate) async fn audit_log(
        &self,
        _: &Administrator,
        filter: &AuditFilter,
        paging: &Paging,
    ) -> Result<Page<AuditLine>, Refusal> {
        self.database.audit_lines(filter, paging).await
    }

    /// Whether the audit log is as it was written.
    pub(crate) async fn prove_audit_log(&self, _: &Administrator) -> Result<AuditProof, Refusal> {
        self.database.prove_audit_log().await
    }
}

fn find<'a>(farm: &'a Farm, id: &MachineId) -> Result<&'a Machine, Refusal> {
    farm.machines.get(id).ok_or_else(|| Refusal::NoMachine(id.clone()))
}

fn tagged(machine: Machine) -> Tagged<Machine> {
    Tagged { tag: machine.version.to_string(), item: machine }
}
