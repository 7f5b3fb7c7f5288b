-- Signed heads of the audit trail whose digests are in the log: rows before them cannot be changed unseen.
CREATE TABLE audit_head (
    seq BIGINT NOT NULL PRIMARY KEY,
    jws TEXT NOT NULL
);
