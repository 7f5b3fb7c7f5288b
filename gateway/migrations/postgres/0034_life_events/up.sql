-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE told (
    subscriber TEXT NOT NULL,
    jti TEXT NOT NULL,
    event_type TEXT NOT NULL,
    registration_index TEXT,
    person_index TEXT NOT NULL,
    case_id TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (subscriber, jti)
);
CREATE INDEX told_registration ON told (subscriber, registration_index, person_index);
CREATE INDEX told_at ON told (subscriber, at_ms);
ALTER TABLE feed_delivery ADD COLUMN urgent BIGINT NOT NULL DEFAULT 0;
CREATE INDEX feed_delivery_urgent ON feed_delivery (subscriber, person_index) WHERE urgent = 1;
ALTER TABLE inbox_work ADD COLUMN urgent BIGINT NOT NULL DEFAULT 0;
CREATE INDEX inbox_work_urgent ON inbox_work (source, person_index) WHERE urgent = 1;
CREATE TABLE age_watermark (
    years BIGINT NOT NULL,
    convention TEXT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (years, convention)
);
CREATE TABLE age_crossing (
    crossing TEXT PRIMARY KEY,
    person_index TEXT NOT NULL,
    years BIGINT NOT NULL,
    convention TEXT NOT NULL,
    effective TEXT NOT NULL,
    resident BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'told', 'revised')),
    at_ms BIGINT NOT NULL
);
CREATE INDEX age_crossing_due ON age_crossing (at_ms) WHERE state = 'due';
CREATE INDEX age_crossing_person ON age_crossing (person_index, years, convention);
CREATE TABLE age_permission (
    day TEXT PRIMARY KEY,
    by_whom TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
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
    at_ms BIGINT NOT NULL
);
CREATE TABLE subscription_end (
    subscription TEXT PRIMARY KEY,
    by_whom TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE TRIGGER told_is_final BEFORE UPDATE OR DELETE ON told FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subscription_approval_is_final BEFORE UPDATE OR DELETE ON subscription_approval FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subscription_end_is_final BEFORE UPDATE OR DELETE ON subscription_end FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION guard_age_watermark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.day < OLD.day THEN RAISE EXCEPTION 'a watermark only grows'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER age_watermark_grows BEFORE UPDATE ON age_watermark FOR EACH ROW EXECUTE FUNCTION guard_age_watermark();
