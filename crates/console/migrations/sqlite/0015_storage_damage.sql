-- What Storage Servers found damaged and did about it, until somebody has seen it.

CREATE TABLE storage_damage (
    id              TEXT PRIMARY KEY,
    report          TEXT NOT NULL,
    server          TEXT NOT NULL,
    server_key      TEXT NOT NULL,
    scope           TEXT NOT NULL,
    sid             TEXT NOT NULL,
    part            TEXT NOT NULL CHECK (part IN ('current', 'former', 'quarantined')),
    number          BIGINT,
    quarantine      TEXT,
    why             TEXT NOT NULL,
    remedy          TEXT NOT NULL CHECK (remedy IN ('none', 'set-aside', 'nothing-intact', 'fell-back')),
    from_number     BIGINT,
    to_number       BIGINT,
    found           TEXT NOT NULL,
    first_at        BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,
    times           BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    note            TEXT NOT NULL DEFAULT '',
    UNIQUE (server_key, report)
);
CREATE INDEX storage_damage_by_time ON storage_damage (last_at, id);
CREATE INDEX storage_damage_open ON storage_damage (acknowledged_at, last_at);
