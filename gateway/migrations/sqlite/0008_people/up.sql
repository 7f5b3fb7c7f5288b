-- People who sign in to the console. `person` is a pseudonym of the officer: two accounts of one officer have the same.
CREATE TABLE account (
    name TEXT PRIMARY KEY NOT NULL,
    person TEXT NOT NULL,
    display BLOB NOT NULL,            -- encrypted: how pages address the officer
    roles TEXT NOT NULL,              -- separated by spaces
    password TEXT,                    -- argon2id as a PHC string; none before the invitation was used, and none for OpenID
    login_index TEXT UNIQUE,          -- OpenID: keyed hash of issuer and subject
    disabled_ms BIGINT,
    made_ms BIGINT NOT NULL
);
-- One-time links by which a password is chosen. A row leaves when it is used.
CREATE TABLE invitation (
    digest TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
-- Who is signed in. A row leaves when the session ends. The token itself is not kept.
CREATE TABLE session (
    digest TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL,
    seen_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);
-- Tries to sign in during the last minute, by keyed hash of account or address.
CREATE TABLE sign_in_try (
    try TEXT NOT NULL,
    of_index TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (try, of_index)
);
CREATE INDEX sign_in_try_of ON sign_in_try (of_index, at_ms);
-- Sign-ins that wait at the OpenID provider. A row leaves when the person comes back, once.
CREATE TABLE login_flow (
    state TEXT PRIMARY KEY NOT NULL,
    browser TEXT NOT NULL,            -- digest of the cookie of the browser that began it
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
-- Public keys of officers who may sign for the department; in force once another officer confirmed them.
CREATE TABLE officer_key (
    kid TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    role TEXT NOT NULL,               -- what the officer may sign: 'scheme', 'review'
    jwk TEXT NOT NULL,
    registered_ms BIGINT NOT NULL,
    confirmed_by TEXT,                -- the account of another person
    ended_ms BIGINT
);
CREATE INDEX officer_key_account ON officer_key (account);
