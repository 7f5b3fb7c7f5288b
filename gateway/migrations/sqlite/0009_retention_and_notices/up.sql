-- Each answer that we got, until when it may be kept, and by which of our systems. Found by exchange; holds nothing about a person
-- but keyed hashes.
CREATE TABLE retention (
    exchange TEXT PRIMARY KEY NOT NULL,   -- jti of the query
    system TEXT NOT NULL,                 -- who got the answer
    provider TEXT NOT NULL,
    dataset TEXT NOT NULL,
    receipt_digest BLOB NOT NULL,         -- of our receipt
    person TEXT,                          -- keyed hash by which she is told; null where she is not known here
    consent_index TEXT,                   -- as in consent_state; null under a law
    ends_on_revocation BIGINT NOT NULL CHECK (ends_on_revocation IN (0, 1)),
    ends_at BIGINT NOT NULL,              -- seconds: from then on it may not be kept
    reason TEXT NOT NULL CHECK (reason IN ('retention-over', 'consent-revoked')),
    state TEXT NOT NULL CHECK (state IN ('kept', 'erasing', 'erased')),
    erased_at BIGINT                      -- seconds: when our own copies went
);
CREATE INDEX retention_due ON retention (ends_at) WHERE state = 'kept';
CREATE INDEX retention_consent ON retention (consent_index) WHERE state = 'kept' AND ends_on_revocation = 1;
CREATE INDEX retention_erasing ON retention (ends_at) WHERE state = 'erasing';
CREATE TRIGGER retention_goes_forward BEFORE UPDATE ON retention
    WHEN OLD.state = 'erased' OR (OLD.state = 'erasing' AND NEW.state = 'kept') OR NEW.ends_at > OLD.ends_at
    BEGIN SELECT RAISE(ABORT, 'an answer is never kept for longer than was promised'); END;
CREATE TRIGGER retention_stays BEFORE DELETE ON retention BEGIN SELECT RAISE(ABORT, 'retention rows stay'); END;
-- Orders to our own systems, signed once.
CREATE TABLE erase_order (
    id TEXT PRIMARY KEY NOT NULL,         -- jti of the order
    exchange TEXT NOT NULL,
    system TEXT NOT NULL,
    jws TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    parked BIGINT NOT NULL CHECK (parked IN (0, 1)),
    confirmed_at BIGINT,                  -- seconds
    UNIQUE (exchange, system)
);
CREATE INDEX erase_order_next ON erase_order (next_ms) WHERE confirmed_at IS NULL AND parked = 0;
CREATE INDEX erase_order_system ON erase_order (system) WHERE confirmed_at IS NULL;
-- Signed records of what was erased. Insert-only.
CREATE TABLE erasure (
    exchange TEXT PRIMARY KEY NOT NULL,
    digest BLOB NOT NULL,
    jws TEXT NOT NULL,
    erased_at BIGINT NOT NULL
);
CREATE TRIGGER erasure_is_final BEFORE UPDATE ON erasure BEGIN SELECT RAISE(ABORT, 'erasure is insert-only'); END;
CREATE TRIGGER erasure_stays BEFORE DELETE ON erasure BEGIN SELECT RAISE(ABORT, 'erasure is insert-only'); END;
CREATE INDEX inquiry_part_exchange ON inquiry_part (exchange) WHERE value IS NOT NULL;
CREATE INDEX consent_state_revoked ON consent_state (consent_index) WHERE status = 'revoked';
-- Notices to citizens, written in the transaction of their cause.
CREATE TABLE notice (
    id TEXT PRIMARY KEY NOT NULL,
    person TEXT NOT NULL,                 -- keyed hash of her pseudonym here, or of her key
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,                  -- one notice of a kind for a cause
    body BLOB NOT NULL,                   -- encrypted
    at_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'sent', 'withheld')),
    fetched_ms BIGINT,                    -- when a wallet first had it
    UNIQUE (person, kind, cause)
);
CREATE INDEX notice_new ON notice (at_ms) WHERE state = 'new';
CREATE INDEX notice_person ON notice (person, at_ms);
-- One way of one notice.
CREATE TABLE notice_delivery (
    notice TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('mail', 'sms', 'letter')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'printed', 'delivered', 'parked')),
    tries BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    done_ms BIGINT,
    proof TEXT,                           -- what counts as delivered: a reply code, an HTTP status, the officer
    PRIMARY KEY (notice, channel)
);
CREATE INDEX notice_delivery_next ON notice_delivery (next_ms) WHERE state = 'waiting';
CREATE INDEX notice_delivery_printed ON notice_delivery (channel) WHERE state = 'printed';
-- What a citizen has chosen. The latest order counts.
CREATE TABLE notice_preference (
    person TEXT PRIMARY KEY NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('every-use', 'weekly', 'exceptions')),
    language TEXT NOT NULL,
    contact BLOB NOT NULL,                -- encrypted: number and address
    has_phone BIGINT NOT NULL CHECK (has_phone IN (0, 1)),
    has_email BIGINT NOT NULL CHECK (has_email IN (0, 1)),
    ordered_at BIGINT NOT NULL,           -- iat of the order, seconds
    order_digest BLOB NOT NULL,
    told_until BIGINT NOT NULL            -- seconds: uses up to then have become notices
);
CREATE INDEX notice_preference_told ON notice_preference (told_until) WHERE level <> 'exceptions';
