-- The audit log says from where, and what changed (JSON), and each line seals the one before it. Lines are never changed.
-- The configuration is kept as it was after each change of it.

ALTER TABLE audit_log ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_log ADD COLUMN changes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE audit_log ADD COLUMN hash TEXT NOT NULL DEFAULT '';

CREATE TABLE audit_chain (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    head   TEXT NOT NULL,
    anchor TEXT NOT NULL
);
INSERT INTO audit_chain (id, head, anchor) VALUES (1, '', '');

CREATE FUNCTION audit_log_stays() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'lines of the audit log are never changed';
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_stays();

CREATE TABLE configuration_history (
    revision BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    content  TEXT NOT NULL
);
