-- What may be presented once: nonces, DPoP ids. A row is written when it is spent; the index decides who was first.
CREATE TABLE spent (
    kind TEXT NOT NULL,               -- 'citizen', 'identity', 'dpop'
    value TEXT NOT NULL,
    until BIGINT NOT NULL,            -- seconds; afterwards it would be too old anyway
    PRIMARY KEY (kind, value)
);
CREATE INDEX spent_until ON spent (until);
-- Identity registry: invitations of wallets. The code and the transaction code are kept as keyed hashes.
CREATE TABLE binding_offer (
    code_index TEXT PRIMARY KEY NOT NULL,
    tx_index TEXT NOT NULL,
    resident BLOB NOT NULL,           -- encrypted: the register's number
    tries BIGINT NOT NULL,            -- wrong transaction codes so far
    state TEXT NOT NULL CHECK (state IN ('open', 'used', 'dead')),
    expires_at BIGINT NOT NULL
);
CREATE INDEX binding_offer_expires ON binding_offer (expires_at);
-- Access tokens, bound to the wallet's DPoP key.
CREATE TABLE access_token (
    token_index TEXT PRIMARY KEY NOT NULL,
    dpop_key TEXT NOT NULL,           -- thumbprint
    resident BLOB NOT NULL,           -- encrypted
    issued BIGINT NOT NULL,           -- bindings issued on it so far
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_token_expires ON access_token (expires_at);
-- Bindings by their place in a status list: which, never what is in them.
CREATE TABLE binding (
    list BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    key TEXT NOT NULL UNIQUE,         -- thumbprint: one binding a key
    resident_index TEXT NOT NULL,     -- keyed hash of the resident number
    status BIGINT NOT NULL CHECK (status IN (0, 1, 2)),   -- valid, invalid, suspended
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (list, idx)
);
CREATE INDEX binding_resident ON binding (resident_index);
CREATE TRIGGER binding_revoked_is_final BEFORE UPDATE ON binding WHEN OLD.status = 1 AND NEW.status <> 1
    BEGIN SELECT RAISE(ABORT, 'a revoked binding stays revoked'); END;
-- Status lists: each change counts the generation up, by which published lists are cached.
CREATE TABLE status_list (
    list BIGINT PRIMARY KEY NOT NULL,
    generation BIGINT NOT NULL,
    places BIGINT NOT NULL            -- places given out
);
-- Lists of identity registries as they were fetched; shared by all processes.
CREATE TABLE status_list_seen (
    uri TEXT PRIMARY KEY NOT NULL,
    issuer TEXT NOT NULL,
    token TEXT NOT NULL,
    fetched_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL           -- a list that nobody asked about for a day is not fetched any more
);
-- Consumer: requests for consent.
CREATE TABLE consent_request (
    id TEXT PRIMARY KEY NOT NULL,
    system TEXT NOT NULL,             -- who asked
    case_id TEXT,
    terms TEXT NOT NULL,              -- JSON of the consent transaction; nothing about a person
    key_id TEXT NOT NULL UNIQUE,      -- thumbprint of the key to which responses are sealed
    key BLOB NOT NULL,                -- encrypted: that key
    state TEXT NOT NULL CHECK (state IN ('waiting', 'given', 'denied')),
    expires_at BIGINT NOT NULL
);
CREATE INDEX consent_request_expires ON consent_request (expires_at);
CREATE TRIGGER consent_request_decided_once BEFORE UPDATE ON consent_request WHEN OLD.state <> 'waiting'
    BEGIN SELECT RAISE(ABORT, 'a decision is made once'); END;
-- Request objects that wallets fetched: a response must answer one of them.
CREATE TABLE request_object (
    digest BLOB PRIMARY KEY NOT NULL,
    request TEXT NOT NULL,
    nonce TEXT NOT NULL,
    served_at BIGINT NOT NULL
);
CREATE INDEX request_object_request ON request_object (request);
-- Consents that this department may use.
CREATE TABLE held_consent (
    consent TEXT PRIMARY KEY NOT NULL,
    request TEXT NOT NULL,
    place BIGINT NOT NULL,            -- which item of the request
    tokens BLOB NOT NULL,             -- encrypted: the consent and the sealed presentation for its provider
    valid_until BIGINT NOT NULL
);
CREATE INDEX held_consent_request ON held_consent (request);
CREATE TRIGGER held_consent_is_final BEFORE UPDATE ON held_consent BEGIN SELECT RAISE(ABORT, 'held_consent is insert-only'); END;
-- Acknowledgements of citizens' orders: a repeat is acknowledged again. Insert-only.
CREATE TABLE order_ack (
    order_digest BLOB PRIMARY KEY NOT NULL,
    consent_index TEXT NOT NULL,
    n BIGINT NOT NULL,
    ack TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TRIGGER order_ack_is_final BEFORE UPDATE ON order_ack BEGIN SELECT RAISE(ABORT, 'order_ack is insert-only'); END;
CREATE TRIGGER order_ack_stays BEFORE DELETE ON order_ack BEGIN SELECT RAISE(ABORT, 'order_ack is insert-only'); END;
