INSERT INTO storage_servers (id, name, name_key, host, base_folder, global_folder, port, keep_versions, position, version)
    VALUES ('5000000000000000000000000000000b', 'STORE2', 'store2', '127.0.0.2', '/srv/metaprofiles', 'global', 4455, 5, 2, 6),
           ('5000000000000000000000000000000c', 'STORE3', 'store3', '127.0.0.3', '/srv/metaprofiles', 'global', 4455, 5, 3, 7);
INSERT INTO agent_server_groups (id, name, name_key, description, storage_server_id, position, version)
    VALUES ('6000000000000000000000000000000c', 'Silo', 'silo', '', '5000000000000000000000000000000b', 3, 8);
