-- Uses under a law for emergencies: at the asking side each is reviewed by a second officer, at the answering side it is counted.
CREATE TABLE break_glass (
    exchange TEXT NOT NULL,               -- jti of the query
    role TEXT NOT NULL CHECK (role IN ('consumer', 'provider')),
    law TEXT NOT NULL,
    peer TEXT NOT NULL,
    officer TEXT NOT NULL,                -- pseudonym
    officer_key TEXT,                     -- thumbprint of the key that the officer used, if one
    reason BLOB,                          -- encrypted; asking side
    person TEXT,                          -- keyed hash by which she was told
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,               -- by then the review must be done
    state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'rejected', 'counted')),
    reviewer TEXT,
    reviewer_key TEXT,
    review BLOB,                          -- encrypted: the reviewer's reason
    decided_at BIGINT,
    PRIMARY KEY (exchange, role),
    CHECK (reviewer IS NULL OR reviewer <> officer),
    CHECK (reviewer_key IS NULL OR officer_key IS NULL OR reviewer_key <> officer_key),
    CHECK ((state IN ('upheld', 'rejected')) = (reviewer IS NOT NULL AND review IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX break_glass_open ON break_glass (due_at) WHERE state = 'open';
CREATE INDEX break_glass_law ON break_glass (law, opened_at);
CREATE TRIGGER break_glass_is_decided_once BEFORE UPDATE ON break_glass WHEN OLD.state <> 'open'
    BEGIN SELECT RAISE(ABORT, 'a review is decided once'); END;
CREATE TRIGGER break_glass_stays BEFORE DELETE ON break_glass BEGIN SELECT RAISE(ABORT, 'break_glass rows stay'); END;
