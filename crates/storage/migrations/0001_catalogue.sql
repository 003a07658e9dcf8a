-- What is known of the objects of one store; docs/formats/storage-objects.md explains it.
CREATE TABLE store (
    only_row BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    id TEXT NOT NULL,
    listed_at BIGINT NOT NULL DEFAULT 0
);

-- One row for each user and scope; whoever changes anything of them holds its lock.
CREATE TABLE data_sets (
    scope TEXT COLLATE "C" NOT NULL,
    sid TEXT COLLATE "C" NOT NULL,
    last_number BIGINT NOT NULL DEFAULT 0,
    current_number BIGINT,
    PRIMARY KEY (scope, sid)
);

-- Every object that a row names, or that is or was garbage. A name is given once: what the collector has claimed, no version
-- can name any more.
CREATE TABLE objects (
    name TEXT COLLATE "C" PRIMARY KEY,
    garbage_since BIGINT,
    deleted_at BIGINT
);
CREATE INDEX objects_garbage ON objects (garbage_since) WHERE garbage_since IS NOT NULL;

CREATE TABLE versions (
    scope TEXT COLLATE "C" NOT NULL,
    sid TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    seal TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    object TEXT COLLATE "C" UNIQUE REFERENCES objects (name),
    pinned BOOLEAN NOT NULL DEFAULT FALSE,
    damaged BOOLEAN NOT NULL DEFAULT FALSE,
    stands_in_for BIGINT,
    base TEXT,
    stamp TEXT NOT NULL,
    replaced_at BIGINT,
    removed TEXT,
    pin TEXT,
    PRIMARY KEY (scope, sid, number),
    FOREIGN KEY (scope, sid) REFERENCES data_sets (scope, sid)
);

CREATE TABLE quarantined (
    scope TEXT COLLATE "C" NOT NULL,
    sid TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    seal TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    object TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES objects (name),
    note TEXT NOT NULL,
    PRIMARY KEY (scope, sid, id),
    UNIQUE (scope, sid, seal),
    FOREIGN KEY (scope, sid) REFERENCES data_sets (scope, sid)
);
