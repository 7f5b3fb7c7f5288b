DROP TABLE link_decision;
DROP INDEX order_forward_turn;
ALTER TABLE order_forward DROP COLUMN revokes;
DROP INDEX account_of_person;
DROP TABLE account_person;
ALTER TABLE invitation DROP COLUMN invited_by;
ALTER TABLE account DROP COLUMN confirmed_by;
ALTER TABLE account DROP COLUMN invited_by;
