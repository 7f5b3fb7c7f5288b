-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE account (
    name TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    display BYTEA NOT NULL,
    roles TEXT NOT NULL,
    password TEXT,
    login_index TEXT UNIQUE,
    disabled_ms BIGINT,
    made_ms BIGINT NOT NULL
);
CREATE TABLE invitation (
    digest TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE TABLE session (
    digest TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    seen_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE TABLE sign_in_try (
    try TEXT NOT NULL,
    of_index TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (try, of_index)
);
CREATE INDEX sign_in_try_of ON sign_in_try (of_index, at_ms);
CREATE TABLE login_flow (
    state TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE TABLE officer_key (
    kid TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    role TEXT NOT NULL,
    jwk TEXT NOT NULL,
    registered_ms BIGINT NOT NULL,
    confirmed_by TEXT,
    ended_ms BIGINT
);
CREATE INDEX officer_key_account ON officer_key (account);
