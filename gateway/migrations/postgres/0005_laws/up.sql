-- The same tables as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE TABLE law_use (
    law TEXT NOT NULL,
    day BIGINT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('law', 'officer', 'subject')),
    who TEXT NOT NULL,
    uses BIGINT NOT NULL,
    PRIMARY KEY (law, day, scope, who)
);
CREATE INDEX law_use_day ON law_use (day);
CREATE FUNCTION guard_law_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.uses < OLD.uses THEN RAISE EXCEPTION 'uses only grow'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER law_use_guard BEFORE UPDATE ON law_use FOR EACH ROW EXECUTE FUNCTION guard_law_use();
ALTER TABLE receipt ADD COLUMN law TEXT;
ALTER TABLE receipt ADD COLUMN told_from BIGINT;
CREATE INDEX receipt_law ON receipt (law, issued_at) WHERE law IS NOT NULL;
CREATE TABLE receipt_person (
    subject_index TEXT NOT NULL,
    receipt TEXT NOT NULL,
    PRIMARY KEY (subject_index, receipt)
);
CREATE TRIGGER receipt_person_is_final BEFORE UPDATE OR DELETE ON receipt_person FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE stored_answer ADD COLUMN law TEXT;
ALTER TABLE stored_answer ADD COLUMN statuses TEXT;
CREATE TABLE live_nonce (
    nonce TEXT PRIMARY KEY,
    consent_index TEXT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX live_nonce_consent ON live_nonce (consent_index);
CREATE INDEX live_nonce_until ON live_nonce (until);
CREATE TRIGGER live_nonce_is_final BEFORE UPDATE ON live_nonce FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TABLE resident_name (
    sector TEXT NOT NULL,
    subject_index TEXT NOT NULL,
    resident BYTEA NOT NULL,
    PRIMARY KEY (sector, subject_index)
);
