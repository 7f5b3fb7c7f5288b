-- Comparisons of a roll of ours with another department's, whichever side we are.
CREATE TABLE overlap (
    side TEXT NOT NULL CHECK (side IN ('asker', 'answerer')),
    peer TEXT NOT NULL,
    comparison TEXT NOT NULL,         -- jti of its first message
    law TEXT NOT NULL,
    identifier TEXT NOT NULL,
    roll TEXT NOT NULL,               -- ours
    peer_roll TEXT NOT NULL,
    officer TEXT NOT NULL,            -- of the asker, by pseudonym
    case_number TEXT NOT NULL,        -- of the asker
    request BLOB NOT NULL,            -- digest of its first message
    state TEXT NOT NULL CHECK (state IN ('open', 'refused', 'compared', 'broken')),
    code TEXT,                        -- why it was refused
    people BIGINT NOT NULL,           -- different identifiers on our roll
    peer_people BIGINT,
    common BIGINT,
    confirmed BIGINT NOT NULL DEFAULT 0 CHECK (confirmed IN (0, 1)), -- the other side signed the same result
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (comparison, peer, side)
);
CREATE INDEX overlap_open ON overlap (began_at) WHERE state = 'open';
-- What both sides signed about them. Insert-only.
CREATE TABLE overlap_record (
    digest BLOB PRIMARY KEY NOT NULL,
    comparison TEXT NOT NULL,
    peer TEXT NOT NULL,
    side TEXT NOT NULL,
    signer TEXT NOT NULL CHECK (signer IN ('us', 'peer')),
    what TEXT NOT NULL CHECK (what IN ('begin', 'accepted', 'refused', 'compared', 'broken')),
    jti TEXT NOT NULL,
    jws TEXT NOT NULL,
    kept_at BIGINT NOT NULL
);
CREATE INDEX overlap_record_of ON overlap_record (comparison, peer, side);
CREATE INDEX overlap_record_jti ON overlap_record (jti);
CREATE TRIGGER overlap_record_is_final BEFORE UPDATE ON overlap_record BEGIN SELECT RAISE(ABORT, 'overlap_record is insert-only'); END;
CREATE TRIGGER overlap_record_stays BEFORE DELETE ON overlap_record BEGIN SELECT RAISE(ABORT, 'overlap_record is insert-only'); END;
-- Who of our roll is on the other's too: for an officer to look at. Nothing else reads it.
CREATE TABLE overlap_mark (
    id TEXT PRIMARY KEY NOT NULL,
    comparison TEXT NOT NULL,
    peer TEXT NOT NULL,
    side TEXT NOT NULL,
    person BLOB NOT NULL,             -- our own number of the person, encrypted
    found_at BIGINT NOT NULL,
    finding TEXT CHECK (finding IN ('nothing', 'pursued')),
    officer TEXT,
    reason BLOB,                      -- in words, encrypted
    settled_at BIGINT,
    CHECK ((finding IS NULL) = (officer IS NULL) AND (finding IS NULL) = (reason IS NULL) AND (finding IS NULL) = (settled_at IS NULL))
);
CREATE INDEX overlap_mark_of ON overlap_mark (comparison, peer, side);
CREATE INDEX overlap_mark_found ON overlap_mark (found_at);
