DROP TABLE resident_name_table;
DROP INDEX access_token_resident;
DROP INDEX binding_offer_resident;
ALTER TABLE access_token DROP COLUMN resident_index;
ALTER TABLE binding_offer DROP COLUMN resident_index;
