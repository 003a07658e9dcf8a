-- What Agents and users may take of a Storage Server, and which former versions it keeps, also by group. JSON: of limits, what
-- is missing has its default; of a group's retention, null says that its Storage Server's counts.

ALTER TABLE storage_servers ADD COLUMN keep_days BIGINT;
ALTER TABLE storage_servers ADD COLUMN keep_bytes BIGINT;
ALTER TABLE storage_servers ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE agent_server_groups ADD COLUMN retention TEXT NOT NULL DEFAULT 'null';
