-- Sign-ins by way of an OpenID Connect provider that were answered: each is good once, also where several consoles answer.

CREATE TABLE used_sign_ins (
    id         TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_sign_ins_by_expiry ON used_sign_ins (expires_at);
