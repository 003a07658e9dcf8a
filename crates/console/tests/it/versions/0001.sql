UPDATE farm SET revision = 7 WHERE id = 1;
INSERT INTO storage_servers (id, name, name_key, host, base_folder, global_folder, port, keep_versions, position, version)
    VALUES ('5000000000000000000000000000000a', 'STORE1', 'store1', '127.0.0.1', '/srv/metaprofiles', 'global', 4455, 5, 1, 2);
INSERT INTO agent_server_groups (id, name, name_key, description, storage_server_id, position, version)
    VALUES ('6000000000000000000000000000000a', 'Office', 'office', 'äöü', '5000000000000000000000000000000a', 1, 3),
           ('6000000000000000000000000000000b', 'Lab', 'lab', '', NULL, 2, 4);
INSERT INTO data_subsets (id, name, name_key, definition, position, version)
    VALUES ('7000000000000000000000000000000a', 'Office settings', 'office settings',
            '{"name":"Office settings","applies":{"groups":["Office"]},"registry":[{"key":"Software\\Microsoft\\Office"}]}', 1, 5);
INSERT INTO machines (id, role, name, group_id, storage_server_id, state, enrolled_at, last_seen_at, plan_hash, plan_revision, version)
    VALUES ('8000000000000000000000000000000a', 'agent', 'TS01', '6000000000000000000000000000000a', NULL, 'active', 1760000000000, 1760000060000, 'abc', 4, 6),
           ('8000000000000000000000000000000b', 'storage', 'store1', NULL, '5000000000000000000000000000000a', 'active', 1760000000000, NULL, '', 0, 7),
           ('8000000000000000000000000000000c', 'agent', 'old', NULL, NULL, 'revoked', 1750000000000, NULL, '', 0, 7);
INSERT INTO certificates (serial, machine_id, not_before, not_after, accepted_until, revoked)
    VALUES ('0a', '8000000000000000000000000000000a', 1760000000000, 4102444800000, 4102444800000, 0),
           ('0c', '8000000000000000000000000000000c', 1750000000000, 4102444800000, 4102444800000, 1);
INSERT INTO join_tokens (id, hash, role, group_id, storage_server_id, created_at, expires_at, used_at, used_by)
    VALUES ('9000000000000000000000000000000a', 'h1', 'agent', '6000000000000000000000000000000a', NULL, 1760000000000, 1760086400000, 1760000000000, '8000000000000000000000000000000a'),
           ('9000000000000000000000000000000b', 'h2', 'storage', NULL, '5000000000000000000000000000000a', 1760000000000, 4102444800000, NULL, NULL);
