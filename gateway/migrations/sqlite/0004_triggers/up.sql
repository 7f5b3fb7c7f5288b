-- Subscriptions: what both sides agreed upon. In force once both copies are there. Insert-only.
CREATE TABLE subscription (
    id TEXT PRIMARY KEY NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('source', 'subscriber')),   -- ours
    peer TEXT NOT NULL,
    event_types TEXT NOT NULL,        -- separated by spaces
    purpose TEXT NOT NULL,
    law TEXT NOT NULL,
    until_day TEXT NOT NULL           -- last day, YYYY-MM-DD
);
CREATE INDEX subscription_peer ON subscription (role, peer);
CREATE TRIGGER subscription_is_final BEFORE UPDATE ON subscription BEGIN SELECT RAISE(ABORT, 'subscription is insert-only'); END;
CREATE TRIGGER subscription_stays BEFORE DELETE ON subscription BEGIN SELECT RAISE(ABORT, 'subscription is insert-only'); END;
CREATE TABLE subscription_copy (
    subscription TEXT NOT NULL,
    signer TEXT NOT NULL CHECK (signer IN ('source', 'subscriber')),
    digest TEXT NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (subscription, signer)
);
CREATE TRIGGER subscription_copy_is_final BEFORE UPDATE ON subscription_copy BEGIN SELECT RAISE(ABORT, 'subscription_copy is insert-only'); END;
CREATE TRIGGER subscription_copy_stays BEFORE DELETE ON subscription_copy BEGIN SELECT RAISE(ABORT, 'subscription_copy is insert-only'); END;
-- Subscriber: whom we told a source that we follow. The pseudonym is encrypted.
CREATE TABLE followed (
    subscription TEXT NOT NULL,
    subject_index TEXT NOT NULL,      -- as in subject_link
    subject BLOB NOT NULL,
    until_day TEXT NOT NULL,
    PRIMARY KEY (subscription, subject_index)
);
-- Source: who is meant by a subscriber's pseudonym. Keyed hashes on both sides: nobody is named here.
CREATE TABLE pseudonym (
    sector TEXT NOT NULL,
    subject_index TEXT NOT NULL,
    person_index TEXT NOT NULL,
    PRIMARY KEY (sector, subject_index)
);
-- Source: whom subscribers follow. Keyed hashes.
CREATE TABLE follow (
    subscription TEXT NOT NULL,
    person_index TEXT NOT NULL,
    until_day TEXT NOT NULL,
    PRIMARY KEY (subscription, person_index)
);
CREATE INDEX follow_person ON follow (person_index);
-- Source: changes of follow lists, each once.
CREATE TABLE follow_claim (
    peer TEXT NOT NULL,
    request TEXT NOT NULL,
    digest TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (peer, request)
);
-- Source: rows of the department's register that became events, by row and by registration number. Insert-only.
CREATE TABLE captured (
    event_type TEXT NOT NULL,
    row_index TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (event_type, row_index)
);
CREATE TRIGGER captured_is_final BEFORE UPDATE ON captured BEGIN SELECT RAISE(ABORT, 'captured is insert-only'); END;
CREATE TRIGGER captured_stays BEFORE DELETE ON captured BEGIN SELECT RAISE(ABORT, 'captured is insert-only'); END;
-- Source: one feed a subscriber; its last number, and how its endpoint does.
CREATE TABLE feed (
    subscriber TEXT PRIMARY KEY NOT NULL,
    last_seq BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,          -- nothing is sent before this
    head_ms BIGINT NOT NULL           -- of the last signed head
);
CREATE TRIGGER feed_only_grows BEFORE UPDATE ON feed WHEN NEW.last_seq < OLD.last_seq
    BEGIN SELECT RAISE(ABORT, 'numbers of a feed only grow'); END;
CREATE TRIGGER feed_stays BEFORE DELETE ON feed BEGIN SELECT RAISE(ABORT, 'feed rows stay'); END;
-- Source: the events themselves, signed once. Insert-only.
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
CREATE TRIGGER feed_event_is_final BEFORE UPDATE ON feed_event BEGIN SELECT RAISE(ABORT, 'feed_event is insert-only'); END;
CREATE TRIGGER feed_event_stays BEFORE DELETE ON feed_event BEGIN SELECT RAISE(ABORT, 'feed_event is insert-only'); END;
-- Source: what was not acknowledged yet. A row leaves with the acknowledgement.
CREATE TABLE feed_delivery (
    subscriber TEXT NOT NULL,
    seq BIGINT NOT NULL,
    person_index TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked')),
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (subscriber, seq)
);
CREATE INDEX feed_delivery_person ON feed_delivery (subscriber, person_index, seq);
-- Both sides: acknowledgements and applications of events. Insert-only.
CREATE TABLE event_record (
    role TEXT NOT NULL CHECK (role IN ('source', 'subscriber')),   -- ours
    peer TEXT NOT NULL,
    event TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('received', 'duplicate', 'refused', 'applied')),
    result TEXT,                      -- of an application
    digest TEXT NOT NULL,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (role, peer, event, kind)
);
CREATE INDEX event_record_event ON event_record (event);
CREATE TRIGGER event_record_is_final BEFORE UPDATE ON event_record BEGIN SELECT RAISE(ABORT, 'event_record is insert-only'); END;
CREATE TRIGGER event_record_stays BEFORE DELETE ON event_record BEGIN SELECT RAISE(ABORT, 'event_record is insert-only'); END;
-- Both sides: signed heads of feeds. Insert-only.
CREATE TABLE feed_head (
    role TEXT NOT NULL CHECK (role IN ('source', 'subscriber')),
    peer TEXT NOT NULL,
    digest TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (role, peer, digest)
);
CREATE TRIGGER feed_head_is_final BEFORE UPDATE ON feed_head BEGIN SELECT RAISE(ABORT, 'feed_head is insert-only'); END;
CREATE TRIGGER feed_head_stays BEFORE DELETE ON feed_head BEGIN SELECT RAISE(ABORT, 'feed_head is insert-only'); END;
-- Subscriber: the number up to which nothing is missing.
CREATE TABLE inbox (
    source TEXT PRIMARY KEY NOT NULL,
    contiguous BIGINT NOT NULL
);
CREATE TRIGGER inbox_only_grows BEFORE UPDATE ON inbox WHEN NEW.contiguous < OLD.contiguous
    BEGIN SELECT RAISE(ABORT, 'the contiguous mark only grows'); END;
-- Subscriber: events as they came. Insert-only.
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
CREATE TRIGGER inbox_event_is_final BEFORE UPDATE ON inbox_event BEGIN SELECT RAISE(ABORT, 'inbox_event is insert-only'); END;
CREATE TRIGGER inbox_event_stays BEFORE DELETE ON inbox_event BEGIN SELECT RAISE(ABORT, 'inbox_event is insert-only'); END;
-- Subscriber: what was not applied yet, one lane a person. A row leaves with the application.
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
-- Subscriber: applications on their way back to the source. A row leaves when the source has it.
CREATE TABLE inbox_return (
    source TEXT NOT NULL,
    event TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    PRIMARY KEY (source, event)
);
-- Subscriber: one id or number with two contents, both kept: evidence against the source. Insert-only.
CREATE TABLE equivocation (
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (source, digest)
);
CREATE TRIGGER equivocation_is_final BEFORE UPDATE ON equivocation BEGIN SELECT RAISE(ABORT, 'equivocation is insert-only'); END;
CREATE TRIGGER equivocation_stays BEFORE DELETE ON equivocation BEGIN SELECT RAISE(ABORT, 'equivocation is insert-only'); END;
