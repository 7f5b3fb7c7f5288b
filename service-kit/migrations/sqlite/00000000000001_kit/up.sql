-- Who did what, insert-only, each row holding the hash of the one before.
CREATE TABLE audit_trail (
    seq BIGINT PRIMARY KEY NOT NULL CHECK (seq >= 1),
    at_seconds BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL UNIQUE
);
CREATE TRIGGER audit_trail_no_update BEFORE UPDATE ON audit_trail
BEGIN SELECT RAISE(ABORT, 'the audit trail is insert-only'); END;
CREATE TRIGGER audit_trail_no_delete BEFORE DELETE ON audit_trail
BEGIN SELECT RAISE(ABORT, 'the audit trail is insert-only'); END;

-- Work that one process does at a time; the fence grows with each new holder.
CREATE TABLE lease (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    fence BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);
