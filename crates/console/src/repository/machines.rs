use std::collections::BTreeMap;

use mp_protocol::{MachineId, MachineRole};
use sqlx::{Any, Transaction, any::AnyRow};

use super::{Database, Ids, Write, column, configuration, parse, parsed, storage_moves};
use crate::domain::{
    Configuration, Farm, KnownCertificate, Machine, MachineState, Refusal, UnixMillis, name_key,
};

/// A machine that joins.
#[derive(Clone, Debug)]
pub(crate) struct NewMachine {
    pub(crate) id: MachineId,
    pub(crate) role: MachineRole,
    pub(crate) name: String,
    pub(crate) group_id: Option<String>,
    pub(crate) storage_server_id: Option<String>,
}

/// A certificate just issued.
#[derive(Clone, Debug)]
pub(crate) struct NewCertificate {
    pub(crate) serial: String,
    pub(crate) not_before: UnixMillis,
    pub(crate) not_after: UnixMillis,
}

impl Database {
    /// Reads the whole farm as it is at one revision.
    pub(crate) async fn farm(&self) -> Result<(Farm, Ids), Refusal> {
        let mut transaction = self.begin_read().await?;
        let farm = load_farm(&mut transaction, None).await?;
        transaction.commit().await?;
        Ok(farm)
    }

    /// Reads one machine.
    pub(crate) async fn machine(&self, id: &MachineId) -> Result<Option<Machine>, Refusal> {
        let mut transaction = self.begin_read().await?;
        let mut machines = load_machines(&mut transaction, Some(id)).await?;
        transaction.commit().await?;
        Ok(machines.remove(id))
    }

    /// Reads the configuration alone: machines are many more than what is described of them.
    pub(crate) async fn configuration(&self) -> Result<(Configuration, Ids), Refusal> {
        let mut transaction = self.begin_read().await?;
        let configuration = configuration::load(&mut transaction).await?;
        transaction.commit().await?;
        Ok(configuration)
    }
}

/// Reads the farm within a transaction, with all machines or `only` one.
async fn load_farm(
    transaction: &mut Transaction<'static, Any>,
    only: Option<&MachineId>,
) -> Result<(Farm, Ids), Refusal> {
    let row = sqlx::query("SELECT revision FROM farm WHERE id = 1").fetch_one(&mut **transaction).await?;
    let revision = column(&row, "revision")?;
    let (configuration, ids) = configuration::load(transaction).await?;
    let machines = load_machines(transaction, only).await?;
    let moves = storage_moves::under_way(transaction).await?;
    Ok((Farm { revision, configuration, machines, moves }, ids))
}

async fn load_machines(
    transaction: &mut Transaction<'static, Any>,
    only: Option<&MachineId>,
) -> Result<BTreeMap<MachineId, Machine>, sqlx::Error> {
    let only = only.map_or("", MachineId::as_str);
    let rows = sqlx::query(
        "SELECT m.id, m.role, m.name, m.state, m.enrolled_at, m.last_seen_at, m.version, g.name AS group_name, \
         s.name AS server_name FROM machines m LEFT JOIN agent_server_groups g ON g.id = m.group_id \
         LEFT JOIN storage_servers s ON s.id = m.storage_server_id WHERE $1 = '' OR m.id = $1",
    )
    .bind(only)
    .fetch_all(&mut **transaction)
    .await?;
    let mut machines = BTreeMap::new();
    for row in &rows {
        let machine = read(row)?;
        machines.insert(machine.id.clone(), machine);
    }
    let rows = sqlx::query(
        "SELECT serial, machine_id, accepted_until, revoked FROM certificates WHERE $1 = '' OR machine_id = $1 \
         ORDER BY not_before, serial",
    )
    .bind(only)
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        if let Some(machine) = machines.get_mut(&parsed::<MachineId>(row, "machine_id")?) {
            machine.certificates.push(certificate(row)?);
        }
    }
    let rows = sqlx::query(
        "SELECT f.machine_id, f.until_at, g.name AS group_name FROM former_groups f \
         JOIN agent_server_groups g ON g.id = f.group_id WHERE $1 = '' OR f.machine_id = $1 ORDER BY g.name",
    )
    .bind(only)
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        if let Some(machine) = machines.get_mut(&parsed::<MachineId>(row, "machine_id")?) {
            let group = parsed(row, "group_name")?;
            machine.former_groups.push((group, UnixMillis(column(row, "until_at")?)));
        }
    }
    Ok(machines)
}

pub(super) fn read(row: &AnyRow) -> Result<Machine, sqlx::Error> {
    let group: Option<String> = column(row, "group_name")?;
    Ok(Machine {
        id: parsed(row, "id")?,
        role: role(&column::<String>(row, "role")?),
        name: column(row, "name")?,
        group: group.map(|name| parse("group_name", &name)).transpose()?,
        former_groups: Vec::new(),
        storage_server: column(row, "server_name")?,
        state: if column::<String>(row, "state")? == "active" {
            MachineState::Active
        } else {
            MachineState::Revoked
        },
        enrolled_at: UnixMillis(column(row, "enrolled_at")?),
        last_seen_at: column::<Option<i64>>(row, "last_seen_at")?.map(UnixMillis),
        version: column(row, "version")?,
        certificates: Vec::new(),
    })
}

pub(super) fn certificate(row: &AnyRow) -> Result<KnownCertificate, sqlx::Error> {
    Ok(KnownCertificate {
        serial: column(row, "serial")?,
        accepted_until: UnixMillis(column(row, "accepted_until")?),
        revoked: column::<i64>(row, "revoked")? != 0,
    })
}

/// The database lets no other text in.
pub(super) fn role(text: &str) -> MachineRole {
    if text == "storage" { MachineRole::Storage } else { MachineRole::Agent }
}

impl Write<'_> {
    /// The farm as it is within this change.
    pub(crate) async fn farm(&mut self) -> Result<(Farm, Ids), Refusal> {
        load_farm(self.transaction.connection(), None).await
    }

    /// The farm as it is within this change, with no other machine than this one.
    pub(crate) async fn farm_of(&mut self, machine: &MachineId) -> Result<(Farm, Ids), Refusal> {
        load_farm(self.transaction.connection(), Some(machine)).await
    }

    /// The configuration as it is within this change.
    pub(crate) async fn configuration(&mut self) -> Result<(Configuration, Ids), Refusal> {
        Ok(configuration::load(self.transaction.connection()).await?)
    }

    /// The machine that a Storage Server has, if any.
    pub(crate) async fn machine_of(&mut self, storage_server_id: &str) -> Result<Option<MachineId>, Refusal> {
        let row = sqlx::query("SELECT id FROM machines WHERE storage_server_id = $1 AND state = 'active'")
            .bind(storage_server_id)
            .fetch_optional(&mut **self.transaction.connection())
            .await?;
        Ok(row.map(|row| parsed(&row, "id")).transpose()?)
    }

    pub(crate) async fn insert_machine(&mut self, machine: &NewMachine) -> Result<(), Refusal> {
        sqlx::query(
            "INSERT INTO machines (id, role, name, name_key, group_id, storage_server_id, state, enrolled_at, version) \
             VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $8)",
        )
        .bind(machine.id.as_str())
        .bind(machine.role.to_string())
        .bind(&machine.name)
        .bind(name_key(&machine.name))
        .bind(&machine.group_id)
        .bind(&machine.storage_server_id)
        .bind(self.now.0)
        .bind(self.revision)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Notes a new certificate. Those before it are accepted until `others_until` at most.
    pub(crate) async fn insert_certificate(
        &mut self,
        machine: &MachineId,
        certificate: &NewCertificate,
        others_until: UnixMillis,
    ) -> Result<(), Refusal> {
        // What is over by itself is refused by TLS; its row is of no more use.
        sqlx::query("DELETE FROM certificates WHERE machine_id = $1 AND not_after < $2")
            .bind(machine.as_str())
            .bind(self.now.0)
            .execute(&mut **self.transaction.connection())
            .await?;
        sqlx::query(
            "UPDATE certificates SET accepted_until = $1 WHERE machine_id = $2 AND accepted_until > $1",
        )
        .bind(others_until.0)
        .bind(machine.as_str())
        .execute(&mut **self.transaction.connection())
        .await?;
        sqlx::query(
            "INSERT INTO certificates (serial, machine_id, not_before, not_after, accepted_until, revoked) \
             VALUES ($1, $2, $3, $4, $4, 0)",
        )
        .bind(&certificate.serial)
        .bind(machine.as_str())
        .bind(certificate.not_before.0)
        .bind(certificate.not_after.0)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Puts an Agent Server into a group or into none. The one that it was in is remembered until `former_until`.
    pub(crate) async fn assign_group(
        &mut self,
        machine: &MachineId,
        group_id: Option<&str>,
        former_until: UnixMillis,
    ) -> Result<(), Refusal> {
        // It may be going back to where it was before.
        sqlx::query(
            "DELETE FROM former_groups WHERE machine_id = $1 AND (until_at <= $2 OR group_id = $3 \
             OR group_id = (SELECT group_id FROM machines WHERE id = $1))",
        )
        .bind(machine.as_str())
        .bind(self.now.0)
        .bind(group_id.unwrap_or_default())
        .execute(&mut **self.transaction.connection())
        .await?;
        sqlx::query(
            "INSERT INTO former_groups (machine_id, group_id, until_at) \
             SELECT id, group_id, CAST($1 AS BIGINT) FROM machines WHERE id = $2 AND group_id IS NOT NULL",
        )
        .bind(former_until.0)
        .bind(machine.as_str())
        .execute(&mut **self.transaction.connection())
        .await?;
        sqlx::query("UPDATE machines SET group_id = $1, version = $2 WHERE id = $3")
            .bind(group_id)
            .bind(self.revision)
            .bind(machine.as_str())
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }

    /// Revokes a machine and all its certificates.
    pub(crate) async fn revoke(&mut self, machine: &MachineId) -> Result<(), Refusal> {
        sqlx::query("UPDATE machines SET state = 'revoked', version = $1 WHERE id = $2")
            .bind(self.revision)
            .bind(machine.as_str())
            .execute(&mut **self.transaction.connection())
            .await?;
        sqlx::query("UPDATE certificates SET revoked = 1 WHERE machine_id = $1")
            .bind(machine.as_str())
            .execute(&mut **self.transaction.connection())
            .await?;
        Ok(())
    }
}
