-- Whose an invitation or an access token is (the keyed hash of `binding`), so that a revocation ends them with the bindings.
ALTER TABLE binding_offer ADD COLUMN resident_index TEXT;
ALTER TABLE access_token ADD COLUMN resident_index TEXT;
-- Those of before name nobody: they live for minutes, and the desk invites again.
UPDATE binding_offer SET state = 'dead' WHERE state = 'open';
DELETE FROM access_token;
CREATE INDEX binding_offer_resident ON binding_offer (resident_index);
CREATE INDEX access_token_resident ON access_token (resident_index);
-- Whether the table of a sector's pseudonyms was once read to its end, and until when somebody builds it.
CREATE TABLE resident_name_table (
    sector TEXT PRIMARY KEY NOT NULL,
    complete BIGINT NOT NULL CHECK (complete IN (0, 1)),
    building_until BIGINT NOT NULL
);
