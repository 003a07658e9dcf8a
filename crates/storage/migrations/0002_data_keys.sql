-- Wrapped data keys of what is sealed; docs/formats/sealed.md explains them.
CREATE TABLE data_keys (
    scope TEXT COLLATE "C" NOT NULL,
    sid TEXT COLLATE "C" NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (scope, sid),
    FOREIGN KEY (scope, sid) REFERENCES data_sets (scope, sid)
);

-- The store's own, by which a node finds out whether it has the right key file; NULL while nothing was ever sealed.
ALTER TABLE store ADD COLUMN store_key TEXT;
