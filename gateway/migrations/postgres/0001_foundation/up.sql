-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE statement_seen (
    entity TEXT NOT NULL,
    kind TEXT NOT NULL,
    iat BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    PRIMARY KEY (entity, kind)
);
CREATE TABLE member_chain (
    entity TEXT NOT NULL,
    iat BIGINT NOT NULL,
    exp BIGINT NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (entity, iat)
);
CREATE TABLE register_seen (
    kind TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    signatures TEXT NOT NULL
);
CREATE TABLE outbox (
    entry_type INTEGER NOT NULL,
    digest BYTEA NOT NULL,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (entry_type, digest)
);
CREATE INDEX outbox_since ON outbox (since_ms);
CREATE TABLE anchored (
    digest BYTEA NOT NULL,
    entry_type INTEGER NOT NULL,
    log_index BIGINT NOT NULL,
    received_ms BIGINT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (digest, entry_type)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER anchored_is_final BEFORE UPDATE OR DELETE ON anchored FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE subject_link (
    subject_index TEXT PRIMARY KEY,
    local_index TEXT NOT NULL,
    subject BYTEA NOT NULL,
    local_key BYTEA NOT NULL,
    method TEXT NOT NULL,
    score INTEGER NOT NULL,
    confirmed_by TEXT NOT NULL,
    linked_at BIGINT NOT NULL
);
CREATE INDEX subject_link_local ON subject_link (local_index);
