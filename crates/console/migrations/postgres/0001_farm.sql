-- The farm as the administrator describes it, and the machines that joined it.
-- Times are milliseconds since 1970-01-01 UTC; truth values are 0 and 1; identities are 32 hexadecimal digits.

CREATE TABLE farm (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);
INSERT INTO farm (id, revision) VALUES (1, 1);

CREATE TABLE storage_servers (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL UNIQUE,
    host          TEXT NOT NULL,
    base_folder   TEXT NOT NULL,
    global_folder TEXT NOT NULL,
    port          BIGINT NOT NULL,
    keep_versions BIGINT NOT NULL,
    position      BIGINT NOT NULL,
    version       BIGINT NOT NULL
);

CREATE TABLE agent_server_groups (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL,
    name_key          TEXT NOT NULL UNIQUE,
    description       TEXT NOT NULL,
    storage_server_id TEXT REFERENCES storage_servers (id),
    position          BIGINT NOT NULL,
    version           BIGINT NOT NULL
);

CREATE TABLE data_subsets (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    position   BIGINT NOT NULL,
    version    BIGINT NOT NULL
);

CREATE TABLE machines (
    id                TEXT PRIMARY KEY,
    role              TEXT NOT NULL CHECK (role IN ('agent', 'storage')),
    name              TEXT NOT NULL,
    group_id          TEXT REFERENCES agent_server_groups (id),
    storage_server_id TEXT REFERENCES storage_servers (id),
    state             TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
    enrolled_at       BIGINT NOT NULL,
    last_seen_at      BIGINT,
    plan_hash         TEXT NOT NULL DEFAULT '',
    plan_revision     BIGINT NOT NULL DEFAULT 0,
    version           BIGINT NOT NULL
);
CREATE INDEX machines_by_group ON machines (group_id);
CREATE INDEX machines_by_storage_server ON machines (storage_server_id);

CREATE TABLE certificates (
    serial         TEXT PRIMARY KEY,
    machine_id     TEXT NOT NULL REFERENCES machines (id),
    not_before     BIGINT NOT NULL,
    not_after      BIGINT NOT NULL,
    accepted_until BIGINT NOT NULL,
    revoked        BIGINT NOT NULL CHECK (revoked IN (0, 1))
);
CREATE INDEX certificates_by_machine ON certificates (machine_id);

CREATE TABLE join_tokens (
    id                TEXT PRIMARY KEY,
    hash              TEXT NOT NULL UNIQUE,
    role              TEXT NOT NULL CHECK (role IN ('agent', 'storage')),
    group_id          TEXT REFERENCES agent_server_groups (id) ON DELETE CASCADE,
    storage_server_id TEXT REFERENCES storage_servers (id) ON DELETE CASCADE,
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    used_at           BIGINT,
    used_by           TEXT REFERENCES machines (id)
);
