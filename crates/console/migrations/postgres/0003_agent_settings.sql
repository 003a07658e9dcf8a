-- How the Agents of a group treat sessions and profiles, and how long they wait for what: JSON objects, in which what is
-- missing has its default.

ALTER TABLE agent_server_groups ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE agent_server_groups ADD COLUMN waits TEXT NOT NULL DEFAULT '{}';
