-- Which registration an event told of, so that what replaces or annuls it can name it to each subscriber. The registration and the
-- person stand here as keyed hashes alone.
CREATE TABLE told (
    subscriber TEXT NOT NULL,
    jti TEXT NOT NULL,
    event_type TEXT NOT NULL,
    registration_index TEXT,
    person_index TEXT NOT NULL,
    case_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (subscriber, jti)
);
CREATE INDEX told_registration ON told (subscriber, registration_index, person_index);
CREATE INDEX told_at ON told (subscriber, at_ms);
-- What goes before other persons' events: annulments and corrections.
ALTER TABLE feed_delivery ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
CREATE INDEX feed_delivery_urgent ON feed_delivery (subscriber, person_index) WHERE urgent = 1;
ALTER TABLE inbox_work ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbox_work_urgent ON inbox_work (source, person_index) WHERE urgent = 1;
-- Up to which civil day everybody who attains an age was found.
CREATE TABLE age_watermark (
    years INTEGER NOT NULL,
    convention TEXT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (years, convention)
);
-- Somebody attains an age: once for (person, years, convention, birth date), whose keyed hash is the key. The resident's number
-- stands here, encrypted, until it is told; then it is emptied.
CREATE TABLE age_crossing (
    crossing TEXT PRIMARY KEY,
    person_index TEXT NOT NULL,
    years INTEGER NOT NULL,
    convention TEXT NOT NULL,
    effective TEXT NOT NULL,
    resident BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'told', 'revised')),
    at_ms INTEGER NOT NULL
);
CREATE INDEX age_crossing_due ON age_crossing (at_ms) WHERE state = 'due';
CREATE INDEX age_crossing_person ON age_crossing (person_index, years, convention);
-- An officer looked at the clock and lets ageing go on up to this day.
CREATE TABLE age_permission (
    day TEXT PRIMARY KEY,
    by_whom TEXT NOT NULL,
    at_ms INTEGER NOT NULL
);
-- What a subscription's terms say beyond its types, and whether the data owner has agreed to it, where that is needed.
CREATE TABLE subscription_scope (
    subscription TEXT PRIMARY KEY,
    scope TEXT NOT NULL CHECK (scope IN ('follow', 'population')),
    filter TEXT
);
CREATE TABLE subscription_approval (
    subscription TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    digest TEXT NOT NULL,
    jws TEXT NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE TABLE subscription_end (
    subscription TEXT PRIMARY KEY,
    by_whom TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE TRIGGER told_no_update BEFORE UPDATE ON told BEGIN SELECT RAISE(ABORT, 'what was told stays'); END;
CREATE TRIGGER told_no_delete BEFORE DELETE ON told BEGIN SELECT RAISE(ABORT, 'what was told stays'); END;
CREATE TRIGGER age_watermark_grows BEFORE UPDATE ON age_watermark WHEN NEW.day < OLD.day
    BEGIN SELECT RAISE(ABORT, 'a watermark only grows'); END;
CREATE TRIGGER subscription_approval_no_update BEFORE UPDATE ON subscription_approval BEGIN SELECT RAISE(ABORT, 'an approval stays'); END;
CREATE TRIGGER subscription_approval_no_delete BEFORE DELETE ON subscription_approval BEGIN SELECT RAISE(ABORT, 'an approval stays'); END;
CREATE TRIGGER subscription_end_no_update BEFORE UPDATE ON subscription_end BEGIN SELECT RAISE(ABORT, 'an end stays'); END;
CREATE TRIGGER subscription_end_no_delete BEFORE DELETE ON subscription_end BEGIN SELECT RAISE(ABORT, 'an end stays'); END;
