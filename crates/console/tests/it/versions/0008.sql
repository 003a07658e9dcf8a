UPDATE administrators SET role = 'auditor', scope = '["Office"]' WHERE name_key = 'ada';
INSERT INTO access_tokens (id, hash, name, administrator_id, role, scope, created_at, expires_at, last_used_at)
    VALUES ('c000000000000000000000000000000a', 'h1', 'backup', 'a000000000000000000000000000000a', 'auditor', 'null', 1760000000000, 4102444800000, NULL);
