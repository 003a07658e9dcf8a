-- What Agents report of users' sessions. Times are the Agents', corrected by the difference of the clocks when they sent.

CREATE TABLE user_sessions (
    id            TEXT PRIMARY KEY,
    machine_id    TEXT NOT NULL REFERENCES machines (id),
    session       TEXT NOT NULL,
    sid           TEXT NOT NULL,
    host          TEXT NOT NULL,
    host_key      TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    logon_ms      BIGINT,
    outcome       TEXT NOT NULL,
    outcome_rank  BIGINT NOT NULL,
    overridden    BIGINT NOT NULL,
    reports       BIGINT NOT NULL,
    UNIQUE (machine_id, sid, session)
);
CREATE INDEX user_sessions_by_time ON user_sessions (started_at, id);
CREATE INDEX user_sessions_by_user ON user_sessions (sid, started_at, id);
CREATE INDEX user_sessions_by_host ON user_sessions (host_key, started_at, id);
CREATE INDEX user_sessions_by_outcome ON user_sessions (outcome, started_at, id);
CREATE INDEX user_sessions_by_age ON user_sessions (last_at);

CREATE TABLE session_reports (
    machine_id TEXT NOT NULL,
    report_id  TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES user_sessions (id) ON DELETE CASCADE,
    started_at BIGINT NOT NULL,
    content    TEXT NOT NULL,
    PRIMARY KEY (machine_id, report_id)
);
CREATE INDEX session_reports_by_session ON session_reports (session_id, started_at);
