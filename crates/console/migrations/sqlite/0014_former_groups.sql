-- Groups that an Agent Server was in until lately: what its spool still holds for them may be sent until then.

CREATE TABLE former_groups (
    machine_id TEXT   NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    group_id   TEXT   NOT NULL REFERENCES agent_server_groups (id) ON DELETE CASCADE,
    until_at   BIGINT NOT NULL,
    PRIMARY KEY (machine_id, group_id)
);
