-- What lists are ordered by and looked through for, and the users that Agents have reported sessions of.

ALTER TABLE machines ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE machines SET name_key = lower(name);
CREATE INDEX machines_by_name ON machines (name_key, id);

CREATE INDEX join_tokens_by_time ON join_tokens (created_at, id);

CREATE INDEX user_sessions_by_logon ON user_sessions (COALESCE(logon_ms, -1), id);

CREATE TABLE users (
    sid           TEXT COLLATE "C" PRIMARY KEY,
    first_seen_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    last_host     TEXT NOT NULL,
    last_session  TEXT NOT NULL,
    sessions      BIGINT NOT NULL
);
CREATE INDEX users_by_time ON users (last_seen_at, sid);
INSERT INTO users (sid, first_seen_at, last_seen_at, last_host, last_session, sessions)
    SELECT s.sid, min(s.started_at), max(s.last_at),
        (SELECT host FROM user_sessions l WHERE l.sid = s.sid ORDER BY started_at DESC, id DESC LIMIT 1),
        (SELECT id FROM user_sessions l WHERE l.sid = s.sid ORDER BY started_at DESC, id DESC LIMIT 1),
        count(*)
    FROM user_sessions s GROUP BY s.sid;
