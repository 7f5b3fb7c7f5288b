-- The trust anchor's database. Created by `init` alone; the log's tables are written by one sequencer.

-- Who this anchor is. One row, written by init, never changed.
CREATE TABLE anchor (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    entity TEXT NOT NULL,
    origin TEXT NOT NULL,
    log_vkey TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Every entity configuration the anchor has given of itself; the one with the greatest iat is served.
CREATE TABLE anchor_configuration (
    iat BIGINT NOT NULL PRIMARY KEY,
    jws TEXT NOT NULL
);

-- The lock record of the log: changed by compare-and-swap on size and root, in the transaction that adds entries.
CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    received_ms BIGINT NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE log_entry (
    idx INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
    entry_type INTEGER NOT NULL CHECK (entry_type BETWEEN 1 AND 11),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    bytes BLOB NOT NULL CHECK (length(bytes) = 42),
    UNIQUE (entry_type, digest)
);

-- Full tiles, and the right edge: a row grows until it has 256 hashes, then never changes.
CREATE TABLE log_tile (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
    idx BIGINT NOT NULL CHECK (idx >= 0),
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, idx)
);

-- What the authority itself wants logged; a command line writes it, the sequencer drains it in this order.
CREATE TABLE pending_entry (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    entry_type INTEGER NOT NULL CHECK (entry_type BETWEEN 1 AND 11),
    digest BLOB NOT NULL CHECK (length(digest) = 32)
);

-- Checkpoints that were shown to the world. One of a size may be shown again with a newer time stamp.
CREATE TABLE publication (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    published_ms BIGINT NOT NULL
);
CREATE INDEX publication_size ON publication (size);

-- RFC 3161 responses over the note of a publication.
CREATE TABLE time_stamp (
    publication BIGINT NOT NULL REFERENCES publication (seq),
    authority TEXT NOT NULL,
    gen_time BIGINT NOT NULL,
    response BLOB NOT NULL,
    PRIMARY KEY (publication, authority)
);

CREATE TABLE invitation (
    code_sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(code_sha256) = 32),
    entity TEXT NOT NULL,
    roles TEXT NOT NULL,
    sector TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE member (
    entity TEXT NOT NULL PRIMARY KEY,
    roles TEXT NOT NULL,
    sector TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('active', 'suspended')),
    joined_at BIGINT NOT NULL,
    configuration TEXT NOT NULL,
    configuration_sha256 BLOB NOT NULL,
    configuration_iat BIGINT NOT NULL,
    statement_iat BIGINT NOT NULL,
    statement TEXT
);

-- Every entity configuration that was in force, with its place in the log.
CREATE TABLE member_configuration (
    entity TEXT NOT NULL REFERENCES member (entity),
    iat BIGINT NOT NULL,
    jws TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    PRIMARY KEY (entity, iat)
);

-- Registers: one row an officer's signature. A version is in force once all its signatures are logged.
CREATE TABLE register_signature (
    kind TEXT NOT NULL CHECK (kind IN ('purposes', 'laws')),
    version BIGINT NOT NULL,
    person TEXT NOT NULL,
    jws TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (kind, version, person)
);
