-- Where failures are told, what waits to be told there, and which machines are known to be away.

CREATE TABLE webhooks (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL UNIQUE,
    url          TEXT NOT NULL,
    kinds        TEXT NOT NULL,
    certificates TEXT NOT NULL,
    secret       TEXT NOT NULL,
    enabled      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    last_at      BIGINT,
    last_status  BIGINT,
    last_error   TEXT
);

CREATE TABLE webhook_deliveries (
    id            TEXT PRIMARY KEY,
    webhook_id    TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    payload       TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given-up')),
    attempts      BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (state, due_at);
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (webhook_id, state);

CREATE TABLE machines_away (
    machine_id TEXT PRIMARY KEY REFERENCES machines (id) ON DELETE CASCADE,
    since      BIGINT NOT NULL
);
