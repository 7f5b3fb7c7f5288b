-- Revocations that citizens signed at the end of an assisted session, for the day on which they bring their slip back.
CREATE TABLE assisted_ending (
    session TEXT NOT NULL,
    consent TEXT NOT NULL,
    signed_order BYTEA NOT NULL,
    ordered_at BIGINT,
    PRIMARY KEY (session, consent)
);
CREATE FUNCTION guard_assisted_ending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'assisted_ending rows stay';
END $$;
CREATE TRIGGER assisted_ending_guard BEFORE DELETE ON assisted_ending
    FOR EACH ROW EXECUTE FUNCTION guard_assisted_ending();
