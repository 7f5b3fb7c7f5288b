ALTER TABLE stored_answer DROP COLUMN consent_until;
ALTER TABLE stored_answer DROP COLUMN law_digest;
