-- Moves of a scope from one Storage Server to another, and how far each Storage Server is with taking over from others.

CREATE TABLE storage_moves (
    id          TEXT PRIMARY KEY,
    scope       TEXT NOT NULL,
    from_server TEXT NOT NULL,
    to_server   TEXT NOT NULL,
    phase       TEXT NOT NULL CHECK (phase IN ('copying', 'switched', 'finishing', 'ended', 'cancelled')),
    round       BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    started_by  TEXT NOT NULL,
    switched_at BIGINT,
    ended_at    BIGINT
);

CREATE TABLE peer_rounds (
    server TEXT NOT NULL,
    scope  TEXT NOT NULL,
    peer   TEXT NOT NULL,
    round  TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (server, scope, peer)
);
