-- The sessions of one user or on one host with an outcome that most sessions have: without these, all sessions with the
-- outcome would be looked at.

CREATE INDEX user_sessions_by_user_and_outcome ON user_sessions (sid, outcome, started_at, id);
CREATE INDEX user_sessions_by_host_and_outcome ON user_sessions (host_key, outcome, started_at, id);

-- It can be told from the outcome.
ALTER TABLE user_sessions DROP COLUMN outcome_rank;
