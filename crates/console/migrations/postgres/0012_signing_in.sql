-- Where accounts come from, second factors, what the console is told about signing in, and names from the directory.
-- Secrets (columns second_factor, second_factor_pending and secret) are sealed with a key that is not in the database; empty: none.

ALTER TABLE administrators ADD COLUMN origin TEXT NOT NULL DEFAULT 'local';
ALTER TABLE administrators ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN second_factor TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN second_factor_pending TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN second_factor_step BIGINT NOT NULL DEFAULT 0;
CREATE INDEX administrators_by_external_id ON administrators (external_id);

CREATE TABLE recovery_codes (
    hash             TEXT PRIMARY KEY,
    administrator_id TEXT NOT NULL REFERENCES administrators (id) ON DELETE CASCADE
);
CREATE INDEX recovery_codes_by_administrator ON recovery_codes (administrator_id);

CREATE TABLE console_settings (
    name    TEXT PRIMARY KEY,
    value   TEXT NOT NULL,
    secret  TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE directory_names (
    sid          TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL,
    display_name TEXT NOT NULL,
    looked_up_at BIGINT NOT NULL
);
CREATE INDEX directory_names_by_name ON directory_names (name_key);
