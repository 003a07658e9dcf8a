-- Several Storage Servers for a scope: those that the Agents of a group try after its first one, and which of them keep the
-- global data sets.

CREATE TABLE group_storage_servers (
    group_id          TEXT NOT NULL REFERENCES agent_server_groups (id) ON DELETE CASCADE,
    storage_server_id TEXT NOT NULL REFERENCES storage_servers (id),
    position          BIGINT NOT NULL,
    PRIMARY KEY (group_id, storage_server_id)
);
CREATE INDEX group_storage_servers_by_server ON group_storage_servers (storage_server_id);

ALTER TABLE storage_servers ADD COLUMN keeps_global BIGINT NOT NULL DEFAULT 0;

-- Until now the global data sets of a group's users were where those of the group are. Where that is several Storage Servers,
-- all of them go on keeping them, and take from each other what they have not.
UPDATE storage_servers SET keeps_global = 1
WHERE (position = (SELECT min(position) FROM storage_servers)
       OR id IN (SELECT storage_server_id FROM agent_server_groups WHERE storage_server_id IS NOT NULL))
  AND EXISTS (SELECT 1 FROM agent_server_groups g JOIN storage_servers s ON s.id = g.storage_server_id
              WHERE s.position > (SELECT min(position) FROM storage_servers));
