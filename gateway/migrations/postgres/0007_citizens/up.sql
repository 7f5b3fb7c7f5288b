-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
ALTER TABLE binding ADD COLUMN wallet TEXT;
ALTER TABLE binding_offer ADD COLUMN terms TEXT;
ALTER TABLE access_token ADD COLUMN terms TEXT;
CREATE TABLE order_forward (
    order_digest BYTEA NOT NULL,
    peer TEXT NOT NULL,
    consent_index TEXT NOT NULL,
    signed_order BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'acknowledged', 'refused', 'parked')),
    outcome TEXT,
    tries BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    PRIMARY KEY (order_digest, peer)
);
CREATE INDEX order_forward_next ON order_forward (state, next_ms);
CREATE FUNCTION guard_order_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('acknowledged', 'refused') THEN RAISE EXCEPTION 'what came of an order stays'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER order_forward_guard BEFORE UPDATE ON order_forward FOR EACH ROW EXECUTE FUNCTION guard_order_forward();
CREATE TABLE link_open (
    subject_index TEXT PRIMARY KEY,
    person BYTEA NOT NULL,
    opened_at BIGINT NOT NULL
);
CREATE INDEX link_open_opened ON link_open (opened_at);
CREATE TABLE assisted_session (
    id TEXT PRIMARY KEY,
    operator TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE FUNCTION guard_assisted_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.closed_at IS NOT NULL THEN RAISE EXCEPTION 'a session is closed once, and stays'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assisted_session_guard BEFORE UPDATE OR DELETE ON assisted_session
    FOR EACH ROW EXECUTE FUNCTION guard_assisted_session();
CREATE TABLE assisted_approval (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    card BYTEA NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('code', 'otp-read-out')),
    code_index TEXT NOT NULL,
    tries BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'dead')),
    expires_at BIGINT NOT NULL
);
CREATE INDEX assisted_approval_session ON assisted_approval (session);
CREATE FUNCTION guard_assisted_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' THEN RAISE EXCEPTION 'an approval is decided once'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assisted_approval_guard BEFORE UPDATE ON assisted_approval
    FOR EACH ROW EXECUTE FUNCTION guard_assisted_approval();
