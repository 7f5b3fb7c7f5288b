DROP TABLE resident_name; DROP TABLE live_nonce; DROP TABLE receipt_person; DROP TABLE law_use;
ALTER TABLE stored_answer DROP COLUMN law;
ALTER TABLE stored_answer DROP COLUMN statuses;
DROP INDEX receipt_law;
ALTER TABLE receipt DROP COLUMN law;
ALTER TABLE receipt DROP COLUMN told_from;
