-- Back-tests that were begun from a page, one a file at a time: how far each is.
CREATE TABLE scheme_backtest_run (
    hash TEXT PRIMARY KEY NOT NULL REFERENCES scheme_version (hash),
    account TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    people BIGINT NOT NULL,
    total BIGINT NOT NULL,
    code TEXT,                        -- of what failed
    begun_ms BIGINT NOT NULL,
    touched_ms BIGINT NOT NULL        -- a run that nobody touches has broken off
);
-- Who would enter or leave by the newest back-test of a file, in pages by the department's own numbers; encrypted.
CREATE TABLE scheme_backtest_people (
    digest TEXT NOT NULL REFERENCES scheme_backtest (digest),
    movement TEXT NOT NULL CHECK (movement IN ('enter', 'leave')),
    page BIGINT NOT NULL,             -- from 0
    people BLOB NOT NULL,
    PRIMARY KEY (digest, movement, page)
);
-- Officers who read the sample of leavers of a back-test. Insert-only.
CREATE TABLE scheme_leavers_read (
    digest TEXT NOT NULL REFERENCES scheme_backtest (digest),
    account TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (digest, account)
);
CREATE TRIGGER scheme_leavers_read_is_final BEFORE UPDATE ON scheme_leavers_read BEGIN SELECT RAISE(ABORT, 'scheme_leavers_read is insert-only'); END;
CREATE TRIGGER scheme_leavers_read_stays BEFORE DELETE ON scheme_leavers_read BEGIN SELECT RAISE(ABORT, 'scheme_leavers_read is insert-only'); END;
