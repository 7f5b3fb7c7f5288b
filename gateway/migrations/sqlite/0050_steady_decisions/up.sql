-- Two persons let a stopped scheme go on for so many people: the number they signed, and how many went on by it.
ALTER TABLE breaker ADD COLUMN ceiling BIGINT;
ALTER TABLE breaker ADD COLUMN passed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX decision_stopped ON decision (scheme, next_ms) WHERE waits = 'breaker';
-- What cannot be done is tried again ever later, and is parked after three days: since when it fails, since when it is parked.
ALTER TABLE decision ADD COLUMN failing_ms BIGINT;
ALTER TABLE decision ADD COLUMN parked_ms BIGINT;
CREATE INDEX decision_parked ON decision (parked_ms) WHERE parked_ms IS NOT NULL;
ALTER TABLE decision_person ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE decision_person ADD COLUMN failing_ms BIGINT;
ALTER TABLE decision_person ADD COLUMN parked_ms BIGINT;
CREATE INDEX decision_person_parked ON decision_person (parked_ms) WHERE parked_ms IS NOT NULL;
-- From now on a link wakes its person in its own transaction; whoever was linked before this is looked at once.
UPDATE decision_person SET due_ms = 0 WHERE linked = 0
    AND EXISTS (SELECT 1 FROM subject_link l WHERE l.subject_index = decision_person.person);
DROP INDEX decision_person_unlinked;
-- The last day on which decisions went on: a clock that jumped is seen by it.
CREATE TABLE decision_day (
    place INTEGER PRIMARY KEY NOT NULL CHECK (place = 1),
    day TEXT NOT NULL
);
CREATE TRIGGER decision_day_grows BEFORE UPDATE ON decision_day WHEN NEW.day < OLD.day
    BEGIN SELECT RAISE(ABORT, 'the last day only grows'); END;
-- The rules by which everybody was looked at last.
CREATE TABLE decision_rules (
    place INTEGER PRIMARY KEY NOT NULL CHECK (place = 1),
    rules TEXT NOT NULL,              -- a digest
    at_ms BIGINT NOT NULL
);
-- What a carrier reported of a message: that it arrived. Insert-only.
CREATE TABLE notice_report (
    notice TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('sms')),
    reported_by TEXT NOT NULL,        -- the system that proved who it is
    arrived_ms BIGINT NOT NULL,       -- as it says
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (notice, channel)
);
CREATE TRIGGER notice_report_is_final BEFORE UPDATE ON notice_report BEGIN SELECT RAISE(ABORT, 'notice_report is insert-only'); END;
