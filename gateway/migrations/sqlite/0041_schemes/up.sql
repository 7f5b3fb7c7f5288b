-- Scheme files as they were handed in, by the hash of their bytes. Insert-only: a hash names one text for ever.
CREATE TABLE scheme_version (
    hash TEXT PRIMARY KEY NOT NULL,
    scheme TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    submitted_by TEXT NOT NULL,       -- an account, or command-line
    at_ms BIGINT NOT NULL,
    UNIQUE (scheme, version)
);
CREATE TRIGGER scheme_version_is_final BEFORE UPDATE ON scheme_version BEGIN SELECT RAISE(ABORT, 'scheme_version is insert-only'); END;
CREATE TRIGGER scheme_version_stays BEFORE DELETE ON scheme_version BEGIN SELECT RAISE(ABORT, 'scheme_version is insert-only'); END;
-- Signed results of back-tests; the whole result, with its leavers, is encrypted and stays here.
CREATE TABLE scheme_backtest (
    digest TEXT PRIMARY KEY NOT NULL,
    hash TEXT NOT NULL REFERENCES scheme_version (hash),
    jws TEXT NOT NULL,
    result BLOB NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX scheme_backtest_of ON scheme_backtest (hash, at_ms);
CREATE TRIGGER scheme_backtest_is_final BEFORE UPDATE ON scheme_backtest BEGIN SELECT RAISE(ABORT, 'scheme_backtest is insert-only'); END;
-- Officers' signatures under an order; equal terms have equal digests.
CREATE TABLE scheme_signature (
    terms TEXT NOT NULL,              -- digest of what all who sign say alike
    kid TEXT NOT NULL,
    account TEXT NOT NULL,
    scheme TEXT NOT NULL,
    jws TEXT NOT NULL UNIQUE,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (terms, kid)
);
CREATE INDEX scheme_signature_of ON scheme_signature (scheme, at_ms);
CREATE TRIGGER scheme_signature_is_final BEFORE UPDATE ON scheme_signature BEGIN SELECT RAISE(ABORT, 'scheme_signature is insert-only'); END;
-- What is in force from which day: the last order whose day has come. Insert-only.
CREATE TABLE scheme_order (
    scheme TEXT NOT NULL,
    place BIGINT NOT NULL,            -- from 0
    action TEXT NOT NULL CHECK (action IN ('publish', 'rollback', 'withdraw')),
    hash TEXT NOT NULL REFERENCES scheme_version (hash),
    from_day TEXT NOT NULL,
    terms TEXT NOT NULL UNIQUE,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (scheme, place)
);
CREATE TRIGGER scheme_order_is_final BEFORE UPDATE ON scheme_order BEGIN SELECT RAISE(ABORT, 'scheme_order is insert-only'); END;
CREATE TRIGGER scheme_order_stays BEFORE DELETE ON scheme_order BEGIN SELECT RAISE(ABORT, 'scheme_order is insert-only'); END;
