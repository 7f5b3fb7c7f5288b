-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE spent (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX spent_until ON spent (until);
CREATE TABLE binding_offer (
    code_index TEXT PRIMARY KEY,
    tx_index TEXT NOT NULL,
    resident BYTEA NOT NULL,
    tries BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'used', 'dead')),
    expires_at BIGINT NOT NULL
);
CREATE INDEX binding_offer_expires ON binding_offer (expires_at);
CREATE TABLE access_token (
    token_index TEXT PRIMARY KEY,
    dpop_key TEXT NOT NULL,
    resident BYTEA NOT NULL,
    issued BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_token_expires ON access_token (expires_at);
CREATE TABLE binding (
    list BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    resident_index TEXT NOT NULL,
    status BIGINT NOT NULL CHECK (status IN (0, 1, 2)),
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (list, idx)
);
CREATE INDEX binding_resident ON binding (resident_index);
CREATE TABLE status_list (
    list BIGINT PRIMARY KEY,
    generation BIGINT NOT NULL,
    places BIGINT NOT NULL
);
CREATE TABLE status_list_seen (
    uri TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    token TEXT NOT NULL,
    fetched_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE TABLE consent_request (
    id TEXT PRIMARY KEY,
    system TEXT NOT NULL,
    case_id TEXT,
    terms TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    key BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'given', 'denied')),
    expires_at BIGINT NOT NULL
);
CREATE INDEX consent_request_expires ON consent_request (expires_at);
CREATE TABLE request_object (
    digest BYTEA PRIMARY KEY,
    request TEXT NOT NULL,
    nonce TEXT NOT NULL,
    served_at BIGINT NOT NULL
);
CREATE INDEX request_object_request ON request_object (request);
CREATE TABLE held_consent (
    consent TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    place BIGINT NOT NULL,
    tokens BYTEA NOT NULL,
    valid_until BIGINT NOT NULL
);
CREATE INDEX held_consent_request ON held_consent (request);
CREATE TABLE order_ack (
    order_digest BYTEA PRIMARY KEY,
    consent_index TEXT NOT NULL,
    n BIGINT NOT NULL,
    ack TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE FUNCTION guard_binding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 1 AND NEW.status <> 1 THEN RAISE EXCEPTION 'a revoked binding stays revoked'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER binding_guard BEFORE UPDATE ON binding FOR EACH ROW EXECUTE FUNCTION guard_binding();
CREATE FUNCTION guard_consent_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'waiting' THEN RAISE EXCEPTION 'a decision is made once'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER consent_request_guard BEFORE UPDATE ON consent_request FOR EACH ROW EXECUTE FUNCTION guard_consent_request();
CREATE TRIGGER held_consent_is_final BEFORE UPDATE ON held_consent FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_ack_is_final BEFORE UPDATE OR DELETE ON order_ack FOR EACH ROW EXECUTE FUNCTION refuse_change();
