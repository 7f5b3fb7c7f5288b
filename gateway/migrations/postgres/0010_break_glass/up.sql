-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE break_glass (
    exchange TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('consumer', 'provider')),
    law TEXT NOT NULL,
    peer TEXT NOT NULL,
    officer TEXT NOT NULL,
    officer_key TEXT,
    reason BYTEA,
    person TEXT,
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'rejected', 'counted')),
    reviewer TEXT,
    reviewer_key TEXT,
    review BYTEA,
    decided_at BIGINT,
    PRIMARY KEY (exchange, role),
    CHECK (reviewer IS NULL OR reviewer <> officer),
    CHECK (reviewer_key IS NULL OR officer_key IS NULL OR reviewer_key <> officer_key),
    CHECK ((state IN ('upheld', 'rejected')) = (reviewer IS NOT NULL AND review IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX break_glass_open ON break_glass (due_at) WHERE state = 'open';
CREATE INDEX break_glass_law ON break_glass (law, opened_at);
CREATE FUNCTION guard_break_glass() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'break_glass rows stay'; END IF;
    IF OLD.state <> 'open' THEN RAISE EXCEPTION 'a review is decided once'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER break_glass_guard BEFORE UPDATE OR DELETE ON break_glass FOR EACH ROW EXECUTE FUNCTION guard_break_glass();
