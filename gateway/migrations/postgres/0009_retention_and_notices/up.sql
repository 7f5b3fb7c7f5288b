-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE retention (
    exchange TEXT PRIMARY KEY,
    system TEXT NOT NULL,
    provider TEXT NOT NULL,
    dataset TEXT NOT NULL,
    receipt_digest BYTEA NOT NULL,
    person TEXT,
    consent_index TEXT,
    ends_on_revocation BIGINT NOT NULL CHECK (ends_on_revocation IN (0, 1)),
    ends_at BIGINT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('retention-over', 'consent-revoked')),
    state TEXT NOT NULL CHECK (state IN ('kept', 'erasing', 'erased')),
    erased_at BIGINT
);
CREATE INDEX retention_due ON retention (ends_at) WHERE state = 'kept';
CREATE INDEX retention_consent ON retention (consent_index) WHERE state = 'kept' AND ends_on_revocation = 1;
CREATE INDEX retention_erasing ON retention (ends_at) WHERE state = 'erasing';
CREATE TABLE erase_order (
    id TEXT PRIMARY KEY,
    exchange TEXT NOT NULL,
    system TEXT NOT NULL,
    jws TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    parked BIGINT NOT NULL CHECK (parked IN (0, 1)),
    confirmed_at BIGINT,
    UNIQUE (exchange, system)
);
CREATE INDEX erase_order_next ON erase_order (next_ms) WHERE confirmed_at IS NULL AND parked = 0;
CREATE INDEX erase_order_system ON erase_order (system) WHERE confirmed_at IS NULL;
CREATE TABLE erasure (
    exchange TEXT PRIMARY KEY,
    digest BYTEA NOT NULL,
    jws TEXT NOT NULL,
    erased_at BIGINT NOT NULL
);
CREATE INDEX inquiry_part_exchange ON inquiry_part (exchange) WHERE value IS NOT NULL;
CREATE INDEX consent_state_revoked ON consent_state (consent_index) WHERE status = 'revoked';
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    body BYTEA NOT NULL,
    at_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'sent', 'withheld')),
    fetched_ms BIGINT,
    UNIQUE (person, kind, cause)
);
CREATE INDEX notice_new ON notice (at_ms) WHERE state = 'new';
CREATE INDEX notice_person ON notice (person, at_ms);
CREATE TABLE notice_delivery (
    notice TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('mail', 'sms', 'letter')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'printed', 'delivered', 'parked')),
    tries BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    done_ms BIGINT,
    proof TEXT,
    PRIMARY KEY (notice, channel)
);
CREATE INDEX notice_delivery_next ON notice_delivery (next_ms) WHERE state = 'waiting';
CREATE INDEX notice_delivery_printed ON notice_delivery (channel) WHERE state = 'printed';
CREATE TABLE notice_preference (
    person TEXT PRIMARY KEY,
    level TEXT NOT NULL CHECK (level IN ('every-use', 'weekly', 'exceptions')),
    language TEXT NOT NULL,
    contact BYTEA NOT NULL,
    has_phone BIGINT NOT NULL CHECK (has_phone IN (0, 1)),
    has_email BIGINT NOT NULL CHECK (has_email IN (0, 1)),
    ordered_at BIGINT NOT NULL,
    order_digest BYTEA NOT NULL,
    told_until BIGINT NOT NULL
);
CREATE INDEX notice_preference_told ON notice_preference (told_until) WHERE level <> 'exceptions';
CREATE FUNCTION guard_retention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'retention rows stay'; END IF;
    IF OLD.state = 'erased' OR (OLD.state = 'erasing' AND NEW.state = 'kept') OR NEW.ends_at > OLD.ends_at THEN
        RAISE EXCEPTION 'an answer is never kept for longer than was promised';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_guard BEFORE UPDATE OR DELETE ON retention FOR EACH ROW EXECUTE FUNCTION guard_retention();
CREATE TRIGGER erasure_is_final BEFORE UPDATE OR DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION refuse_change();
