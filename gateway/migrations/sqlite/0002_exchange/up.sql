-- Each query of a peer once, for ever: whoever inserts the row decides it (security, requirement 7). Insert-only.
CREATE TABLE exchange_claim (
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,           -- jti of the query
    query_digest BLOB NOT NULL,       -- of the exact bytes
    claimed_ms BIGINT NOT NULL,
    PRIMARY KEY (peer, exchange)
);
CREATE TRIGGER exchange_claim_is_final BEFORE UPDATE ON exchange_claim BEGIN SELECT RAISE(ABORT, 'exchange_claim is insert-only'); END;
CREATE TRIGGER exchange_claim_stays BEFORE DELETE ON exchange_claim BEGIN SELECT RAISE(ABORT, 'exchange_claim is insert-only'); END;
-- What holds for a consent here. Found by a keyed hash over issuer and id, never by digest: ES256 signatures are malleable.
CREATE TABLE consent_state (
    consent_index TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'revoked')),
    ends_at BIGINT,                   -- an earlier end that the citizen ordered, seconds
    order_n BIGINT,                   -- of the latest order
    uses BIGINT NOT NULL,
    window_index BIGINT,              -- the latest window that had a use
    window_uses BIGINT NOT NULL
);
CREATE TRIGGER consent_state_uses_only_grow BEFORE UPDATE ON consent_state WHEN NEW.uses < OLD.uses
    BEGIN SELECT RAISE(ABORT, 'uses only grow'); END;
CREATE TRIGGER consent_state_revoked_is_final BEFORE UPDATE ON consent_state WHEN OLD.status = 'revoked' AND NEW.status <> 'revoked'
    BEGIN SELECT RAISE(ABORT, 'a revoked consent stays revoked'); END;
CREATE TRIGGER consent_state_stays BEFORE DELETE ON consent_state BEGIN SELECT RAISE(ABORT, 'consent_state rows stay'); END;
-- Our own receipts. Insert-only.
CREATE TABLE receipt (
    jti TEXT PRIMARY KEY NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('provider', 'consumer')),
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,
    digest BLOB NOT NULL,
    jws TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    subject_index TEXT,               -- as in subject_link; null where the person was not established
    issuer_index TEXT,                -- of the consent's issuer; null where it was not read
    UNIQUE (role, peer, exchange)
);
CREATE INDEX receipt_exchange ON receipt (exchange);
CREATE INDEX receipt_subject ON receipt (subject_index, issued_at) WHERE subject_index IS NOT NULL;
CREATE INDEX receipt_issuer ON receipt (issuer_index, issued_at) WHERE issuer_index IS NOT NULL;
CREATE TRIGGER receipt_is_final BEFORE UPDATE ON receipt BEGIN SELECT RAISE(ABORT, 'receipt is insert-only'); END;
CREATE TRIGGER receipt_stays BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'receipt is insert-only'); END;
-- The other side's receipts. Insert-only.
CREATE TABLE counterpart_receipt (
    role TEXT NOT NULL CHECK (role IN ('provider', 'consumer')),   -- of the other side
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,
    jti TEXT NOT NULL,
    digest BLOB NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (role, peer, exchange)
);
CREATE INDEX counterpart_receipt_exchange ON counterpart_receipt (exchange);
CREATE INDEX counterpart_receipt_jti ON counterpart_receipt (jti);
CREATE TRIGGER counterpart_receipt_is_final BEFORE UPDATE ON counterpart_receipt BEGIN SELECT RAISE(ABORT, 'counterpart_receipt is insert-only'); END;
CREATE TRIGGER counterpart_receipt_stays BEFORE DELETE ON counterpart_receipt BEGIN SELECT RAISE(ABORT, 'counterpart_receipt is insert-only'); END;
-- Answers that a repeated query gets again for ten minutes. Encrypted.
CREATE TABLE stored_answer (
    peer TEXT NOT NULL,
    exchange TEXT NOT NULL,
    answer BLOB NOT NULL,
    consent_index TEXT,               -- set where data left: looked at before it leaves again
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (peer, exchange)
);
CREATE INDEX stored_answer_until ON stored_answer (until_ms);
-- Our own questions, by the asking system's key. Insert-only.
CREATE TABLE ask (
    exchange TEXT PRIMARY KEY NOT NULL,
    system TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_digest BLOB NOT NULL,
    provider TEXT NOT NULL,
    asked_ms BIGINT NOT NULL,
    UNIQUE (system, idempotency_key)
);
CREATE TRIGGER ask_is_final BEFORE UPDATE ON ask BEGIN SELECT RAISE(ABORT, 'ask is insert-only'); END;
CREATE TRIGGER ask_stays BEFORE DELETE ON ask BEGIN SELECT RAISE(ABORT, 'ask is insert-only'); END;
-- Questions without an end yet: the signed query, encrypted, to be sent again byte for byte.
CREATE TABLE ask_open (
    exchange TEXT PRIMARY KEY NOT NULL,
    query BLOB NOT NULL,
    asked_ms BIGINT NOT NULL,
    next_ms BIGINT NOT NULL           -- not before this does recovery send it again
);
CREATE INDEX ask_open_next ON ask_open (next_ms);
-- Answers that a repeated request of our own systems gets again for a day. Encrypted.
CREATE TABLE ask_answer (
    exchange TEXT PRIMARY KEY NOT NULL,
    answer BLOB NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE INDEX ask_answer_until ON ask_answer (until_ms);
-- Consumer's receipts on their way back to the provider.
CREATE TABLE receipt_return (
    receipt TEXT PRIMARY KEY NOT NULL,
    peer TEXT NOT NULL,
    jws TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_ms BIGINT NOT NULL
);
CREATE INDEX receipt_return_next ON receipt_return (next_ms);
