INSERT INTO administrators (id, name, name_key, password_hash, created_at)
    VALUES ('a000000000000000000000000000000a', 'admin', 'admin', '{password}', 1760000000000),
           ('a000000000000000000000000000000b', 'Ada', 'ada', '{password}', 1760000000000);
INSERT INTO api_tokens (hash, administrator_id, created_at, expires_at)
    VALUES ('t1', 'a000000000000000000000000000000a', 1760000000000, 4102444800000);
INSERT INTO audit_log (at, who, action, subject, details)
    VALUES (1760000000000, 'console', 'created', 'administrator admin', 'first start'),
           (1760000001000, 'administrator admin', 'created', 'Storage Server "STORE1"', 'added Storage Server "STORE1"');
