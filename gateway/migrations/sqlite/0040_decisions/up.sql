-- What was said of each person, by event and role; encrypted, found by a keyed hash. Insert-only: what is superseded stays.
CREATE TABLE fact_record (
    person TEXT NOT NULL,             -- as in subject_link.subject_index
    source TEXT NOT NULL,
    message TEXT NOT NULL,            -- jti of the event, or id of the exchange
    role TEXT NOT NULL,
    case_id TEXT NOT NULL,            -- joins a cascade over persons
    body BLOB NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (person, source, message, role)
);
CREATE INDEX fact_record_case ON fact_record (case_id);
CREATE TRIGGER fact_record_is_final BEFORE UPDATE ON fact_record BEGIN SELECT RAISE(ABORT, 'fact_record is insert-only'); END;
-- Who is known to decisions. The row is locked while somebody decides about the person.
CREATE TABLE decision_person (
    person TEXT PRIMARY KEY NOT NULL,
    body BLOB NOT NULL,               -- pseudonym, name and birth year as told
    linked BIGINT NOT NULL DEFAULT 0 CHECK (linked IN (0, 1)),
    due_ms BIGINT,                    -- when to look again; null: when something is said
    turn BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX decision_person_due ON decision_person (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX decision_person_unlinked ON decision_person (person) WHERE linked = 0;
-- Decisions as they stand; their history are the signed records.
CREATE TABLE decision (
    id TEXT PRIMARY KEY NOT NULL,
    person TEXT NOT NULL,
    scheme TEXT NOT NULL,             -- id of a scheme, or of a built-in rule
    roll TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    case_id TEXT NOT NULL,
    body BLOB NOT NULL,
    since_day TEXT NOT NULL,          -- of the last step
    until_day TEXT,                   -- last day of an offer, or of a window
    todo TEXT,                        -- what the roll is still to be told
    waits TEXT,                       -- 'officer' or 'breaker': a proposal that may not go on by itself
    notice TEXT,                      -- the notice on which a removal rests
    turn BIGINT NOT NULL DEFAULT 0,   -- grows with each change
    at_ms BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    next_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX decision_of_person ON decision (person, scheme);
CREATE INDEX decision_of_case ON decision (case_id);
CREATE INDEX decision_todo ON decision (next_ms) WHERE todo IS NOT NULL;
CREATE INDEX decision_state ON decision (state, until_day);
CREATE INDEX decision_begun ON decision (scheme, action, at_ms);
CREATE UNIQUE INDEX decision_notice ON decision (notice) WHERE notice IS NOT NULL;
-- Signed records of decisions and notices, in their order. Insert-only.
CREATE TABLE decision_record (
    decision TEXT NOT NULL,
    place BIGINT NOT NULL,            -- from 0
    kind TEXT NOT NULL CHECK (kind IN ('decision', 'notice')),
    digest TEXT NOT NULL UNIQUE,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (decision, place)
);
CREATE TRIGGER decision_record_is_final BEFORE UPDATE ON decision_record BEGIN SELECT RAISE(ABORT, 'decision_record is insert-only'); END;
CREATE TRIGGER decision_record_stays BEFORE DELETE ON decision_record BEGIN SELECT RAISE(ABORT, 'decision_record is insert-only'); END;
-- Objections and reviews: what was said, and who heard it.
CREATE TABLE objection (
    decision TEXT PRIMARY KEY NOT NULL,
    route TEXT NOT NULL CHECK (route IN ('wallet', 'counter', 'operator')),
    body BLOB NOT NULL,               -- the words; encrypted
    entered_by TEXT,                  -- an account; null: she herself
    slip TEXT NOT NULL,               -- the number on her slip
    at_ms BIGINT NOT NULL,
    first_by TEXT,                    -- who proposed how to decide it
    first_upheld BIGINT,
    second_by TEXT,
    decided_ms BIGINT
);
-- Events of which nobody here is surely meant: an officer's queue.
CREATE TABLE match_queue (
    source TEXT NOT NULL,
    message TEXT NOT NULL,
    role TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('unmatched', 'ambiguous')),
    person TEXT,                      -- null: the register does not know the person by number
    body BLOB NOT NULL,               -- the record, name and birth year; encrypted
    at_ms BIGINT NOT NULL,
    resolved_by TEXT,
    resolved_ms BIGINT,
    PRIMARY KEY (source, message, role)
);
CREATE INDEX match_queue_open ON match_queue (at_ms) WHERE resolved_ms IS NULL;
-- A scheme whose removals stopped: nothing of it goes on until two persons let it.
CREATE TABLE breaker (
    scheme TEXT PRIMARY KEY NOT NULL,
    tripped_ms BIGINT NOT NULL,
    removals BIGINT NOT NULL,
    roll_size BIGINT NOT NULL,
    first_by TEXT,
    second_by TEXT,
    released_ms BIGINT
);
