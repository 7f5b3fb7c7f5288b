-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE subscription (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('source', 'subscriber')),
    peer TEXT NOT NULL,
    event_types TEXT NOT NULL,
    purpose TEXT NOT NULL,
    law TEXT NOT NULL,
    until_day TEXT NOT NULL
);
CREATE INDEX subscription_peer ON subscription (role, peer);
CREATE TABLE subscription_copy (
    subscription TEXT NOT NULL,
    signer TEXT NOT NULL CHECK (signer IN ('source', 'subscriber')),
    digest TEXT NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (subscription, signer)
);
CREATE TABLE followed (
    subscription TEXT NOT NULL,
    subject_index TEXT NOT NULL,
    subject BYTEA NOT NULL,
    until_day TEXT NOT NULL,
    PRIMARY KEY (subscription, subject_index)
);
CREATE TABLE pseudonym (
    sector TEXT NOT NULL,
    subject_index TEXT NOT NULL,
    person_index TEXT NOT NULL,
    PRIMARY KEY (sector, subject_index)
);
CREATE TABLE follow (
    subscription TEXT NOT NULL,
    person_index TEXT NOT NULL,
    until_day TEXT NOT NULL,
    PRIMARY KEY (subscription, person_index)
);
CREATE INDEX follow_person ON follow (person_index);
CREATE TABLE follow_claim (
    peer TEXT NOT NULL,
    request TEXT NOT NULL,
    digest TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (peer, request)
);
CREATE TABLE captured (
    event_type TEXT NOT NULL,
    row_index TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (event_type, row_index)
);
CREATE TABLE feed (
    subscriber TEXT PRIMARY KEY,
    last_seq BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    head_ms BIGINT NOT NULL
);
CREATE TABLE feed_event (
    subscriber TEXT NOT NULL,
    seq BIGINT NOT NULL,
    jti TEXT NOT NULL UNIQUE,
    person_index TEXT NOT NULL,
    digest TEXT NOT NULL,
    jws TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    PRIMARY KEY (subscriber, seq)
);
CREATE INDEX feed_event_person ON feed_event (subscriber, person_index);
CREATE TABLE feed_delivery (
    subscriber TEXT NOT NULL,
    seq BIGINT NOT NULL,
    person_index TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked')),
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (subscriber, seq)
);
CREATE INDEX feed_delivery_person ON feed_delivery (subscriber, person_index, seq);
CREATE TABLE event_record (
    role TEXT NOT NULL CHECK (role IN ('source', 'subscriber')),
    peer TEXT NOT NULL,
    event TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('received', 'duplicate', 'refused', 'applied')),
    result TEXT,
    digest TEXT NOT NULL,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (role, peer, event, kind)
);
CREATE INDEX event_record_event ON event_record (event);
CREATE TABLE feed_head (
    role TEXT NOT NULL CHECK (role IN ('source', 'subscriber')),
    peer TEXT NOT NULL,
    digest TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (role, peer, digest)
);
CREATE TABLE inbox (
    source TEXT PRIMARY KEY,
    contiguous BIGINT NOT NULL
);
CREATE TABLE inbox_event (
    source TEXT NOT NULL,
    jti TEXT NOT NULL,
    seq BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    digest TEXT NOT NULL,
    jws TEXT NOT NULL,
    received_ms BIGINT NOT NULL,
    PRIMARY KEY (source, jti),
    UNIQUE (source, seq)
);
CREATE INDEX inbox_event_received ON inbox_event (received_ms);
CREATE TABLE inbox_work (
    source TEXT NOT NULL,
    event TEXT NOT NULL,
    person_index TEXT NOT NULL,
    person_seq BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    PRIMARY KEY (source, event)
);
CREATE INDEX inbox_work_person ON inbox_work (source, person_index, person_seq);
CREATE TABLE inbox_return (
    source TEXT NOT NULL,
    event TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    PRIMARY KEY (source, event)
);
CREATE TABLE equivocation (
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (source, digest)
);
CREATE TRIGGER subscription_is_final BEFORE UPDATE OR DELETE ON subscription FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subscription_copy_is_final BEFORE UPDATE OR DELETE ON subscription_copy FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER captured_is_final BEFORE UPDATE OR DELETE ON captured FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feed_event_is_final BEFORE UPDATE OR DELETE ON feed_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_record_is_final BEFORE UPDATE OR DELETE ON event_record FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feed_head_is_final BEFORE UPDATE OR DELETE ON feed_head FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER inbox_event_is_final BEFORE UPDATE OR DELETE ON inbox_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER equivocation_is_final BEFORE UPDATE OR DELETE ON equivocation FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION guard_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'feed rows stay'; END IF;
    IF NEW.last_seq < OLD.last_seq THEN RAISE EXCEPTION 'numbers of a feed only grow'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER feed_guard BEFORE UPDATE OR DELETE ON feed FOR EACH ROW EXECUTE FUNCTION guard_feed();
CREATE FUNCTION guard_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.contiguous < OLD.contiguous THEN RAISE EXCEPTION 'the contiguous mark only grows'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inbox_guard BEFORE UPDATE ON inbox FOR EACH ROW EXECUTE FUNCTION guard_inbox();
