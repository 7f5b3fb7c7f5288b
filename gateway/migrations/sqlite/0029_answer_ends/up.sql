-- On what a stored answer hangs beside the present state of its consent. Without these it does not leave again.
ALTER TABLE stored_answer ADD COLUMN consent_until BIGINT;  -- seconds
ALTER TABLE stored_answer ADD COLUMN law_digest TEXT;       -- of the law's JSON as it was registered
