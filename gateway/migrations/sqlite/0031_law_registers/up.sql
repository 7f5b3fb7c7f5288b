-- Every register of laws that was seen in force, by the digest by which receipts name it: a bundle of an old exchange needs the one that
-- counted then. Rows are public statements and are never changed.
CREATE TABLE law_register (
    digest BLOB PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    signatures TEXT NOT NULL  -- JSON list of compact JWSs
);
