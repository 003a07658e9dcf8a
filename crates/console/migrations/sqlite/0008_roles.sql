-- Roles of administrators, their scope (JSON: null, or the names of Agent Server Groups), lockout; API tokens; when a session
-- was last used. The table api_tokens holds sessions, access_tokens what people call API tokens.

ALTER TABLE administrators ADD COLUMN role TEXT NOT NULL DEFAULT 'administrator';
ALTER TABLE administrators ADD COLUMN scope TEXT NOT NULL DEFAULT 'null';
ALTER TABLE administrators ADD COLUMN must_change_password BIGINT NOT NULL DEFAULT 0;
ALTER TABLE administrators ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE administrators ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE administrators ADD COLUMN locked_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE administrators ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE api_tokens ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE access_tokens (
    id               TEXT PRIMARY KEY,
    hash             TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL,
    administrator_id TEXT NOT NULL REFERENCES administrators (id) ON DELETE CASCADE,
    role             TEXT NOT NULL,
    scope            TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    last_used_at     BIGINT
);
CREATE INDEX access_tokens_by_administrator ON access_tokens (administrator_id);
CREATE INDEX access_tokens_by_time ON access_tokens (created_at, id);
