-- Revocations that citizens signed at the end of an assisted session, for the day on which they bring their slip back.
CREATE TABLE assisted_ending (
    session TEXT NOT NULL,
    consent TEXT NOT NULL,            -- the consent's id, as on the slip
    signed_order BLOB NOT NULL,       -- encrypted: the order, which carries the consent
    ordered_at BIGINT,                -- when she wanted it, seconds
    PRIMARY KEY (session, consent)
);
CREATE TRIGGER assisted_ending_stays BEFORE DELETE ON assisted_ending BEGIN SELECT RAISE(ABORT, 'assisted_ending rows stay'); END;
