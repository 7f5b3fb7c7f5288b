-- What is known of the federation. Greatest iat and version seen never go back (directory-outdated, equivocation).
CREATE TABLE statement_seen (
    entity TEXT NOT NULL,
    kind TEXT NOT NULL,               -- 'configuration', 'subordinate'
    iat BIGINT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (entity, kind)
);
-- Trust chains as they were, so that a bundle can hold the one that was valid when its record was signed.
CREATE TABLE member_chain (
    entity TEXT NOT NULL,
    iat BIGINT NOT NULL,              -- of the subordinate statement
    exp BIGINT NOT NULL,
    chain TEXT NOT NULL,              -- JSON list of compact JWSs: configuration, subordinate, anchor
    PRIMARY KEY (entity, iat)
);
CREATE TABLE register_seen (
    kind TEXT PRIMARY KEY NOT NULL,   -- 'purposes', 'laws'
    version BIGINT NOT NULL,
    signatures TEXT NOT NULL          -- JSON list of compact JWSs
);
-- What waits for the log. A row leaves when `anchored` has its place.
CREATE TABLE outbox (
    entry_type INTEGER NOT NULL,
    digest BLOB NOT NULL,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (entry_type, digest)
);
CREATE INDEX outbox_since ON outbox (since_ms);
-- Where a digest stands in the log. Insert-only.
CREATE TABLE anchored (
    digest BLOB NOT NULL,
    entry_type INTEGER NOT NULL,
    log_index BIGINT NOT NULL,
    received_ms BIGINT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (digest, entry_type)
);
CREATE TRIGGER anchored_is_final BEFORE UPDATE ON anchored BEGIN SELECT RAISE(ABORT, 'anchored is insert-only'); END;
CREATE TRIGGER anchored_stays BEFORE DELETE ON anchored BEGIN SELECT RAISE(ABORT, 'anchored is insert-only'); END;
-- Which pseudonym is which local number. Both are encrypted; the blind indexes find them.
CREATE TABLE subject_link (
    subject_index TEXT PRIMARY KEY NOT NULL,
    local_index TEXT NOT NULL,
    subject BLOB NOT NULL,
    local_key BLOB NOT NULL,
    method TEXT NOT NULL,
    score INTEGER NOT NULL,
    confirmed_by TEXT NOT NULL,
    linked_at BIGINT NOT NULL
);
CREATE INDEX subject_link_local ON subject_link (local_index);
