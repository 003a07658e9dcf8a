use std::collections::BTreeMap;

use mp_profile::DataSubset;
use sqlx::{Any, Transaction};

use super::{Write, column, json, number, optional_number, parsed};
use crate::domain::{
    Action, AgentServerGroup, Configuration, Difference, Kind, Refusal, Retention, StorageServer, name_key,
};

/// Identities and versions of the items of a configuration, by kind and name key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids(BTreeMap<(Kind, String), (String, i64)>);

impl Ids {
    /// Identity of an item.
    pub(crate) fn id(&self, kind: Kind, name: &str) -> Option<&str> {
        self.0.get(&(kind, name_key(name))).map(|(id, _)| id.as_str())
    }

    /// The revision at which an item was last written.
    pub(crate) fn version(&self, kind: Kind, name: &str) -> Option<i64> {
        self.0.get(&(kind, name_key(name))).map(|(_, version)| *version)
    }

    fn note(&mut self, kind: Kind, name: &str, id: String, version: i64) {
        self.0.insert((kind, name_key(name)), (id, version));
    }
}

/// Reads the whole configuration.
pub(super) async fn load(
    transaction: &mut Transaction<'static, Any>,
) -> Result<(Configuration, Ids), sqlx::Error> {
    let mut ids = Ids::default();
    let mut configuration = Configuration::default();
    let rows = sqlx::query(
        "SELECT id, name, host, base_folder, global_folder, port, keep_versions, keep_days, keep_bytes, limits, keeps_global, version \
         FROM storage_servers ORDER BY position",
    )
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        let server = StorageServer {
            name: column(row, "name")?,
            host: column(row, "host")?,
            base_folder: column(row, "base_folder")?,
            global_folder: parsed(row, "global_folder")?,
            port: number(row, "port")?,
            retention: Retention {
                keep_versions: number(row, "keep_versions")?,
                keep_days: optional_number(row, "keep_days")?,
                keep_bytes: optional_number(row, "keep_bytes")?,
            },
            limits: json(row, "limits")?,
            keeps_global: column::<i64>(row, "keeps_global")? != 0,
        };
        ids.note(Kind::StorageServer, &server.name, column(row, "id")?, column(row, "version")?);
        configuration.storage_servers.push(server);
    }
    let rows = sqlx::query(
        "SELECT g.id, g.name, g.description, g.settings, g.waits, g.retention, g.version, s.name AS server FROM agent_server_groups g \
         LEFT JOIN storage_servers s ON s.id = g.storage_server_id ORDER BY g.position",
    )
    .fetch_all(&mut **transaction)
    .await?;
    let others = sqlx::query(
        "SELECT o.group_id, s.name FROM group_storage_servers o JOIN storage_servers s ON s.id = o.storage_server_id \
         ORDER BY o.position",
    )
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        let id: String = column(row, "id")?;
        let mut other_storage_servers = Vec::new();
        for other in &others {
            if column::<String>(other, "group_id")? == id {
                other_storage_servers.push(column(other, "name")?);
            }
        }
        let group = AgentServerGroup {
            name: parsed(row, "name")?,
            description: column(row, "description")?,
            storage_server: column(row, "server")?,
            other_storage_servers,
            // JSON's null is none.
            retention: json(row, "retention")?,
            settings: json(row, "settings")?,
            waits: json(row, "waits")?,
        };
        ids.note(Kind::Group, group.name.as_str(), id, column(row, "version")?);
        configuration.groups.push(group);
    }
    let rows = sqlx::query("SELECT id, definition, version FROM data_subsets ORDER BY position")
        .fetch_all(&mut **transaction)
        .await?;
    for row in &rows {
        let subset: DataSubset = json(row, "definition")?;
        ids.note(Kind::Subset, &subset.name, column(row, "id")?, column(row, "version")?);
        configuration.subsets.push(subset);
    }
    Ok((configuration, ids))
}

impl Write<'_> {
    /// Writes what differs between what is stored and `after`, both checked, and the order of everything.
    pub(crate) async fn apply(
        &mut self,
        after: &Configuration,
        ids: &mut Ids,
        differences: &[Difference],
    ) -> Result<(), Refusal> {
        let changed = |kind: Kind, name: &str| {
            let key = name_key(name);
            differences.iter().any(|difference| {
                difference.kind == kind
                    && matches!(difference.action, Action::Added | Action::Changed)
                    && name_key(&difference.name) == key
            })
        };
        for server in after.storage_servers.iter().filter(|server| changed(Kind::StorageServer, &server.name))
        {
            self.put_storage_server(server, ids).await?;
        }
        for group in after.groups.iter().filter(|group| changed(Kind::Group, group.name.as_str())) {
            self.put_group(group, ids).await?;
        }
        for subset in after.subsets.iter().filter(|subset| changed(Kind::Subset, &subset.name)) {
            self.put_subset(subset, ids).await?;
        }
        // Groups refer to Storage Servers, so they go first.
        for kind in [Kind::Subset, Kind::Group, Kind::StorageServer] {
            let removed =
                differences.iter().filter(|found| found.kind == kind && found.action == Action::Removed);
            for difference in removed {
                if let Some(id) = ids.id(kind, &difference.name) {
                    self.remove(kind, id).await?;
                }
            }
        }
        self.number(
            Kind::StorageServer,
            after.storage_servers.iter().map(|server| server.name.as_str()),
            ids,
        )
        .await?;
        self.number(Kind::Group, after.groups.iter().map(|group| group.name.as_str()), ids).await?;
        self.number(Kind::Subset, after.subsets.iter().map(|subset| subset.name.as_str()), ids).await
    }

    async fn put_storage_server(&mut self, server: &StorageServer, ids: &mut Ids) -> Result<(), Refusal> {
        let id = self.identity(ids, Kind::StorageServer, &server.name)?;
        sqlx::query(
            "INSERT INTO storage_servers \
             (id, name, name_key, host, base_folder, global_folder, port, keep_versions, keep_days, keep_bytes, limits, \
             keeps_global, position, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, base_folder = excluded.base_folder, \
             global_folder = excluded.global_folder, port = excluded.port, keep_versions = excluded.keep_versions, \
             keep_days = excluded.keep_days, keep_bytes = excluded.keep_bytes, limits = excluded.limits, \
             keeps_global = excluded.keeps_global, version = excluded.version",
        )
        .bind(id)
        .bind(&server.name)
        .bind(name_key(&server.name))
        .bind(&server.host)
        .bind(&server.base_folder)
        .bind(server.global_folder.as_str())
        .bind(i64::from(server.port))
        .bind(i64::from(server.retention.keep_versions))
        .bind(server.retention.keep_days.map(i64::from))
        .bind(server.retention.keep_bytes.map(i64::try_from).transpose().map_err(Refusal::internal)?)
        .bind(serde_json::to_string(&server.limits).map_err(Refusal::internal)?)
        .bind(i64::from(server.keeps_global))
        .bind(self.revision)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    async fn put_group(&mut self, group: &AgentServerGroup, ids: &mut Ids) -> Result<(), Refusal> {
        let id = self.identity(ids, Kind::Group, group.name.as_str())?;
        let server = group.storage_server.as_ref().and_then(|name| ids.id(Kind::StorageServer, name));
        sqlx::query(
            "INSERT INTO agent_server_groups \
             (id, name, name_key, description, storage_server_id, settings, waits, retention, position, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) \
             ON CONFLICT (id) DO UPDATE SET description = excluded.description, \
             storage_server_id = excluded.storage_server_id, settings = excluded.settings, waits = excluded.waits, \
             retention = excluded.retention, version = excluded.version",
        )
        .bind(&id)
        .bind(group.name.as_str())
        .bind(name_key(group.name.as_str()))
        .bind(&group.description)
        .bind(server)
        .bind(serde_json::to_string(&group.settings).map_err(Refusal::internal)?)
        .bind(serde_json::to_string(&group.waits).map_err(Refusal::internal)?)
        .bind(serde_json::to_string(&group.retention).map_err(Refusal::internal)?)
        .bind(self.revision)
        .execute(&mut **self.transaction.connection())
        .await?;
        self.put_other_storage_servers(&id, &group.other_storage_servers, ids).await
    }

    async fn put_other_storage_servers(
        &mut self,
        group: &str,
        names: &[String],
        ids: &Ids,
    ) -> Result<(), Refusal> {
        sqlx::query("DELETE FROM group_storage_servers WHERE group_id = $1")
            .bind(group)
            .execute(&mut **self.transaction.connection())
            .await?;
        for (position, name) in (1_i64..).zip(names) {
            sqlx::query(
                "INSERT INTO group_storage_servers (group_id, storage_server_id, position) VALUES ($1, $2, $3)",
            )
            .bind(group)
            .bind(ids.id(Kind::StorageServer, name))
            .bind(position)
            .execute(&mut **self.transaction.connection())
            .await?;
        }
        Ok(())
    }

    async fn put_subset(&mut self, subset: &DataSubset, ids: &mut Ids) -> Result<(), Refusal> {
        let id = self.identity(ids, Kind::Subset, &subset.name)?;
        let definition = serde_json::to_string(subset).map_err(Refusal::internal)?;
        sqlx::query(
            "INSERT INTO data_subsets (id, name, name_key, definition, position, version) VALUES ($1, $2, $3, $4, 0, $5) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, definition = excluded.definition, \
             version = excluded.version",
        )
        .bind(id)
        .bind(&subset.name)
        .bind(name_key(&subset.name))
        .bind(definition)
        .bind(self.revision)
        .execute(&mut **self.transaction.connection())
        .await?;
        Ok(())
    }

    /// Removes an item, and lets go of it what may outlive it: revoked machines. Unused join tokens go with it.
    async fn remove(&mut self, kind: Kind, id: &str) -> Result<(), Refusal> {
        let statements: &[&'static str] = match kind {
            Kind::StorageServer => &[
                "UPDATE machines SET storage_server_id = NULL WHERE storage_server_id = $1 AND state = 'revoked'",
                "DELETE FROM storage_servers WHERE id = $1",
            ],
            Kind::Group => &[
                "UPDATE machines SET group_id = NULL WHERE group_id = $1 AND state = 'revoked'",
                "DELETE FROM agent_server_groups WHERE id = $1",
            ],
            Kind::Subset => &["DELETE FROM data_subsets WHERE id = $1"],
        };
        for statement in statements {
            sqlx::query(*statement).bind(id).execute(&mut **self.transaction.connection()).await?;
        }
        Ok(())
    }

    async fn number<'n>(
        &mut self,
        kind: Kind,
        names: impl Iterator<Item = &'n str>,
        ids: &Ids,
    ) -> Result<(), Refusal> {
        let statement = match kind {
            Kind::StorageServer => {
                "UPDATE storage_servers SET position = $1 WHERE id = $2 AND position <> $1"
            }
            Kind::Group => "UPDATE agent_server_groups SET position = $1 WHERE id = $2 AND position <> $1",
            Kind::Subset => "UPDATE data_subsets SET position = $1 WHERE id = $2 AND position <> $1",
        };
        for (position, name) in (1_i64..).zip(names) {
            sqlx::query(statement)
                .bind(position)
                .bind(ids.id(kind, name))
                .execute(&mut **self.transaction.connection())
                .await?;
        }
        Ok(())
    }

    /// The identity that an item has, or gets now.
    fn identity(&self, ids: &mut Ids, kind: Kind, name: &str) -> Result<String, Refusal> {
        let id = match ids.id(kind, name) {
            Some(id) => id.to_owned(),
            None => crate::secret::new_id()?,
        };
        ids.note(kind, name, id.clone(), self.revision);
        Ok(id)
    }
}
