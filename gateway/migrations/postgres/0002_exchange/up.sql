-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE exchange_claim (
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,
    query_digest BYTEA NOT NULL,
    claimed_ms BIGINT NOT NULL,
    PRIMARY KEY (peer, exchange)
);
CREATE TRIGGER exchange_claim_is_final BEFORE UPDATE OR DELETE ON exchange_claim FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE consent_state (
    consent_index TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'revoked')),
    ends_at BIGINT,
    order_n BIGINT,
    uses BIGINT NOT NULL,
    window_index BIGINT,
    window_uses BIGINT NOT NULL
);
CREATE FUNCTION guard_consent_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'consent_state rows stay'; END IF;
    IF NEW.uses < OLD.uses THEN RAISE EXCEPTION 'uses only grow'; END IF;
    IF OLD.status = 'revoked' AND NEW.status <> 'revoked' THEN RAISE EXCEPTION 'a revoked consent stays revoked'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER consent_state_guard BEFORE UPDATE OR DELETE ON consent_state FOR EACH ROW EXECUTE FUNCTION guard_consent_state();
CREATE TABLE receipt (
    jti TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('provider', 'consumer')),
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,
    digest BYTEA NOT NULL,
    jws TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    subject_index TEXT,
    issuer_index TEXT,
    UNIQUE (role, peer, exchange)
);
CREATE INDEX receipt_exchange ON receipt (exchange);
CREATE INDEX receipt_subject ON receipt (subject_index, issued_at) WHERE subject_index IS NOT NULL;
CREATE INDEX receipt_issuer ON receipt (issuer_index, issued_at) WHERE issuer_index IS NOT NULL;
CREATE TRIGGER receipt_is_final BEFORE UPDATE OR DELETE ON receipt FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE counterpart_receipt (
    role TEXT NOT NULL CHECK (role IN ('provider', 'consumer')),
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,
    jti TEXT NOT NULL,
    digest BYTEA NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (role, peer, exchange)
);
CREATE INDEX counterpart_receipt_exchange ON counterpart_receipt (exchange);
CREATE INDEX counterpart_receipt_jti ON counterpart_receipt (jti);
CREATE TRIGGER counterpart_receipt_is_final BEFORE UPDATE OR DELETE ON counterpart_receipt FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE stored_answer (
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,
    answer BYTEA NOT NULL,
    consent_index TEXT,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (peer, exchange)
);
CREATE INDEX stored_answer_until ON stored_answer (until_ms);
CREATE TABLE ask (
    exchange TEXT PRIMARY KEY,
    system TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_digest BYTEA NOT NULL,
    provider TEXT NOT NULL,
    asked_ms BIGINT NOT NULL,
    UNIQUE (system, idempotency_key)
);
CREATE TRIGGER ask_is_final BEFORE UPDATE OR DELETE ON ask FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE ask_open (
    exchange TEXT PRIMARY KEY,
    query BYTEA NOT NULL,
    asked_ms BIGINT NOT NULL,
    next_ms BIGINT NOT NULL
);
CREATE INDEX ask_open_next ON ask_open (next_ms);
CREATE TABLE ask_answer (
    exchange TEXT PRIMARY KEY,
    answer BYTEA NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE INDEX ask_answer_until ON ask_answer (until_ms);
CREATE TABLE receipt_return (
    receipt TEXT PRIMARY KEY,
    peer TEXT NOT NULL,
    jws TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_ms BIGINT NOT NULL
);
CREATE INDEX receipt_return_next ON receipt_return (next_ms);
