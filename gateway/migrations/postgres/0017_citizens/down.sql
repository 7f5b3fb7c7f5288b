DROP INDEX assisted_session_token;
ALTER TABLE assisted_session DROP COLUMN slip;
ALTER TABLE assisted_session DROP COLUMN token_index;
