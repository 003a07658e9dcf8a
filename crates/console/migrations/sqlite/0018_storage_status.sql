-- What Storage Servers told last of their stores.

CREATE TABLE storage_status (
    machine_id  TEXT   PRIMARY KEY REFERENCES machines (id) ON DELETE CASCADE,
    reported_at BIGINT NOT NULL,
    free_bytes  BIGINT,
    total_bytes BIGINT,
    kept_bytes  BIGINT,
    problem     TEXT,
    near_quota  TEXT   NOT NULL,
    is_low      BIGINT NOT NULL
);
