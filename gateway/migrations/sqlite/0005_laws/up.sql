-- Uses under a law, by civil day of Asia/Kolkata (days since 1970-01-01): in all, of one officer, about one person.
CREATE TABLE law_use (
    law TEXT NOT NULL,
    day BIGINT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('law', 'officer', 'subject')),
    who TEXT NOT NULL,                -- keyed hash of officer or person; empty for the law itself
    uses BIGINT NOT NULL,
    PRIMARY KEY (law, day, scope, who)
);
CREATE INDEX law_use_day ON law_use (day);
CREATE TRIGGER law_use_only_grows BEFORE UPDATE ON law_use WHEN NEW.uses < OLD.uses
    BEGIN SELECT RAISE(ABORT, 'uses only grow'); END;
-- Which law a receipt is about, and from when the person may be told (seconds; null: at once).
ALTER TABLE receipt ADD COLUMN law TEXT;
ALTER TABLE receipt ADD COLUMN told_from BIGINT;
CREATE INDEX receipt_law ON receipt (law, issued_at) WHERE law IS NOT NULL;
-- The people of an exchange about more than one, found as subject_index of a receipt is. Insert-only.
CREATE TABLE receipt_person (
    subject_index TEXT NOT NULL,
    receipt TEXT NOT NULL,            -- jti
    PRIMARY KEY (subject_index, receipt)
);
CREATE TRIGGER receipt_person_is_final BEFORE UPDATE ON receipt_person BEGIN SELECT RAISE(ABORT, 'receipt_person is insert-only'); END;
CREATE TRIGGER receipt_person_stays BEFORE DELETE ON receipt_person BEGIN SELECT RAISE(ABORT, 'receipt_person is insert-only'); END;
-- What a stored answer hangs on, looked at before it leaves again: a law; places in status lists (JSON).
ALTER TABLE stored_answer ADD COLUMN law TEXT;
ALTER TABLE stored_answer ADD COLUMN statuses TEXT;
-- Which consent a nonce of presence was given for: the first one that came with it. Kept as long as the consent can be used.
CREATE TABLE live_nonce (
    nonce TEXT PRIMARY KEY NOT NULL,
    consent_index TEXT NOT NULL,
    until BIGINT NOT NULL             -- seconds
);
CREATE INDEX live_nonce_consent ON live_nonce (consent_index);
CREATE INDEX live_nonce_until ON live_nonce (until);
CREATE TRIGGER live_nonce_is_final BEFORE UPDATE ON live_nonce BEGIN SELECT RAISE(ABORT, 'live_nonce is insert-only'); END;
-- The identity registry's own: whose pseudonym is which resident, by sector. The number is encrypted.
CREATE TABLE resident_name (
    sector TEXT NOT NULL,
    subject_index TEXT NOT NULL,      -- keyed hash of the pseudonym
    resident BLOB NOT NULL,
    PRIMARY KEY (sector, subject_index)
);
