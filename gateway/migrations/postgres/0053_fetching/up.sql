-- What a scheme needs to know of a person and nobody has said: one question a person and fact at a time, on every replica.
CREATE TABLE fact_ask (
    person TEXT NOT NULL,             -- as in subject_link.subject_index
    fact TEXT NOT NULL,               -- its path
    body BYTEA NOT NULL,               -- pseudonym, data set, field, basis, scheme
    state TEXT NOT NULL CHECK (state IN ('due', 'asked', 'known', 'idle')),
    question TEXT,                    -- idempotency key of the question that is open
    request TEXT,                     -- the consent request that waits, or was answered
    consent TEXT,                     -- as in consent_state.consent_index: on which the known value came
    reason TEXT,                      -- how the last question ended, if without a value
    tries BIGINT NOT NULL DEFAULT 0,
    next_ms BIGINT NOT NULL,          -- when to ask again
    claimed_ms BIGINT NOT NULL DEFAULT 0, -- until then one process asks
    turn BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (person, fact)
);
CREATE INDEX fact_ask_due ON fact_ask (next_ms) WHERE state IN ('due', 'asked');
CREATE INDEX fact_ask_request ON fact_ask (request) WHERE request IS NOT NULL;
CREATE INDEX fact_ask_consent ON fact_ask (consent) WHERE consent IS NOT NULL;
-- Questions of a day, so that no replica goes beyond the budget.
CREATE TABLE fact_budget (
    day TEXT PRIMARY KEY NOT NULL,
    asked BIGINT NOT NULL
);
-- Keys of wallets that have shown a person's pseudonym here: only what such a key consents to is about her.
CREATE TABLE proven_key (
    person TEXT NOT NULL,
    holder TEXT NOT NULL,             -- as in receipt.issuer_index
    PRIMARY KEY (person, holder)
);
