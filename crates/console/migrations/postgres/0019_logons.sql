-- All that the overview counts of a day's sessions, so that it is read from here alone.

CREATE INDEX user_sessions_by_logons ON user_sessions (started_at, outcome, logon_ms, overridden, machine_id);
