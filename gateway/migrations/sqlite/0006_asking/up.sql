-- What one of our systems asked at once: parts of one case, a case file, a batch of people. Its key stands in `ask`, under the
-- inquiry's id, so that a key names one thing for ever; each part is a question of its own under `<key>#<place>`.
CREATE TABLE inquiry (
    id TEXT PRIMARY KEY NOT NULL,
    system TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('parts', 'case', 'batch')),
    officer TEXT,
    about BLOB,                       -- encrypted: what all parts have in common
    parts BIGINT NOT NULL,
    made_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'ended')),
    code TEXT,                        -- why it stopped
    lease_ms BIGINT NOT NULL,         -- until then a batch is one process's
    fence BIGINT NOT NULL             -- of the latest process that took it
);
CREATE INDEX inquiry_running ON inquiry (lease_ms) WHERE state = 'running';
CREATE INDEX inquiry_made ON inquiry (made_ms) WHERE about IS NOT NULL;
-- One part, one person: personal data encrypted, and gone with `about` when the time is over. Outcomes and receipts stay.
CREATE TABLE inquiry_part (
    inquiry TEXT NOT NULL,
    place BIGINT NOT NULL,
    about BLOB,                       -- encrypted: whom it speaks of, on which basis
    outcome TEXT CHECK (outcome IN ('answered', 'refused', 'unavailable')),
    ended BIGINT NOT NULL,            -- 1: it stays as it is
    code TEXT,
    exchange TEXT,
    receipt TEXT,
    counterpart TEXT,
    ended_ms BIGINT,
    value BLOB,                       -- encrypted: the record, in case files
    value_until_ms BIGINT,
    consent_index TEXT,               -- as in consent_state: a revoked consent takes the value with it
    PRIMARY KEY (inquiry, place)
);
CREATE INDEX inquiry_part_open ON inquiry_part (inquiry, place) WHERE ended = 0;
CREATE INDEX inquiry_part_value ON inquiry_part (value_until_ms) WHERE value IS NOT NULL;
CREATE TRIGGER inquiry_part_end_is_final BEFORE UPDATE ON inquiry_part WHEN OLD.ended = 1 AND (NEW.ended <> 1 OR NEW.outcome IS NOT OLD.outcome OR NEW.receipt IS NOT OLD.receipt)
    BEGIN SELECT RAISE(ABORT, 'an ended part stays as it is'); END;
