-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE inquiry (
    id TEXT PRIMARY KEY,
    system TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('parts', 'case', 'batch')),
    officer TEXT,
    about BYTEA,
    parts BIGINT NOT NULL,
    made_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'ended')),
    code TEXT,
    lease_ms BIGINT NOT NULL,
    fence BIGINT NOT NULL
);
CREATE INDEX inquiry_running ON inquiry (lease_ms) WHERE state = 'running';
CREATE INDEX inquiry_made ON inquiry (made_ms) WHERE about IS NOT NULL;
CREATE TABLE inquiry_part (
    inquiry TEXT NOT NULL,
    place BIGINT NOT NULL,
    about BYTEA,
    outcome TEXT CHECK (outcome IN ('answered', 'refused', 'unavailable')),
    ended BIGINT NOT NULL,
    code TEXT,
    exchange TEXT,
    receipt TEXT,
    counterpart TEXT,
    ended_ms BIGINT,
    value BYTEA,
    value_until_ms BIGINT,
    consent_index TEXT,
    PRIMARY KEY (inquiry, place)
);
CREATE INDEX inquiry_part_open ON inquiry_part (inquiry, place) WHERE ended = 0;
CREATE INDEX inquiry_part_value ON inquiry_part (value_until_ms) WHERE value IS NOT NULL;
CREATE FUNCTION guard_inquiry_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended = 1 AND (NEW.ended <> 1 OR NEW.outcome IS DISTINCT FROM OLD.outcome OR NEW.receipt IS DISTINCT FROM OLD.receipt) THEN
        RAISE EXCEPTION 'an ended part stays as it is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inquiry_part_guard BEFORE UPDATE ON inquiry_part FOR EACH ROW EXECUTE FUNCTION guard_inquiry_part();
