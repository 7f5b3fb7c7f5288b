DROP TABLE assisted_approval;
DROP TABLE assisted_session;
DROP TABLE link_open;
DROP TABLE order_forward;
ALTER TABLE access_token DROP COLUMN terms;
ALTER TABLE binding_offer DROP COLUMN terms;
ALTER TABLE binding DROP COLUMN wallet;
