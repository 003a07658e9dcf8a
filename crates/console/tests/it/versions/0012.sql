UPDATE administrators SET origin = 'directory', external_id = 'S-1-5-21-1-2-3-1007', second_factor = 'sealed' WHERE name_key = 'ada';
INSERT INTO recovery_codes (hash, administrator_id) VALUES ('r1', 'a000000000000000000000000000000b');
INSERT INTO console_settings (name, value, secret, version) VALUES ('sign-in', '{"second-factor-required":false}', '', 1);
INSERT INTO directory_names (sid, name, name_key, display_name, looked_up_at)
    VALUES ('S-1-5-21-1-2-3-1001', 'FARM\ada', 'farm\ada ada lovelace', 'Ada Lovelace', 1760000000000);
