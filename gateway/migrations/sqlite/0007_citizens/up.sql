-- Identity registry: which wallet (thumbprint of its DPoP key) a binding was issued to, so that those of a lost phone can be ended.
ALTER TABLE binding ADD COLUMN wallet TEXT;
-- What an invitation is for: null for the person's own phone, else JSON: an assisted session, nothing about the person.
ALTER TABLE binding_offer ADD COLUMN terms TEXT;
ALTER TABLE access_token ADD COLUMN terms TEXT;
-- Citizens' orders on their way to the other party of the consent. A row stays, with what came of it.
CREATE TABLE order_forward (
    order_digest BLOB NOT NULL,
    peer TEXT NOT NULL,
    consent_index TEXT NOT NULL,      -- as in consent_state
    signed_order BLOB NOT NULL,       -- encrypted: the order, which carries the consent
    state TEXT NOT NULL CHECK (state IN ('waiting', 'acknowledged', 'refused', 'parked')),
    outcome TEXT,                     -- the other party's acknowledgement, or its code of refusal
    tries BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    next_ms BIGINT NOT NULL,
    PRIMARY KEY (order_digest, peer)
);
CREATE INDEX order_forward_next ON order_forward (state, next_ms);
CREATE TRIGGER order_forward_ends_once BEFORE UPDATE ON order_forward WHEN OLD.state IN ('acknowledged', 'refused')
    BEGIN SELECT RAISE(ABORT, 'what came of an order stays'); END;
-- People of a seeding file whom only an officer can link. Encrypted; a row leaves with the decision.
CREATE TABLE link_open (
    subject_index TEXT PRIMARY KEY NOT NULL,   -- as in subject_link
    person BLOB NOT NULL,                      -- encrypted: pseudonym, name, birth date, district
    opened_at BIGINT NOT NULL
);
CREATE INDEX link_open_opened ON link_open (opened_at);
-- Assisted operator: sessions of a centre's operator with one citizen. Nothing about the citizen stands here.
CREATE TABLE assisted_session (
    id TEXT PRIMARY KEY NOT NULL,
    operator TEXT NOT NULL,           -- the person's pseudonym
    opened_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE TRIGGER assisted_session_closes_once BEFORE UPDATE ON assisted_session WHEN OLD.closed_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a session is closed once'); END;
CREATE TRIGGER assisted_session_stays BEFORE DELETE ON assisted_session BEGIN SELECT RAISE(ABORT, 'assisted_session rows stay'); END;
-- Approvals asked for in a session: one card, one code, five tries.
CREATE TABLE assisted_approval (
    id TEXT PRIMARY KEY NOT NULL,
    session TEXT NOT NULL,
    card BLOB NOT NULL,               -- SHA-256 of the card that is shown or read out
    method TEXT NOT NULL CHECK (method IN ('code', 'otp-read-out')),
    code_index TEXT NOT NULL,         -- keyed hash
    tries BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'dead')),
    expires_at BIGINT NOT NULL
);
CREATE INDEX assisted_approval_session ON assisted_approval (session);
CREATE TRIGGER assisted_approval_decided_once BEFORE UPDATE ON assisted_approval WHEN OLD.state <> 'open'
    BEGIN SELECT RAISE(ABORT, 'an approval is decided once'); END;
