-- Signed heads of the journals beside the rolls: what was in the log cannot be taken back.
CREATE TABLE journal_head (
    roll TEXT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    hash TEXT NOT NULL,
    jws TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (roll, seq)
);
-- When each roll was last compared with its journal: the beginning of the window in which an edit found later was made.
CREATE TABLE journal_look (
    roll TEXT PRIMARY KEY NOT NULL,
    looked_ms BIGINT NOT NULL
);
