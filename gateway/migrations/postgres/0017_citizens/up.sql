-- The same changes as for SQLite.
-- The wallet of a session proves itself by a token, of which only the keyed hash stands here.
ALTER TABLE assisted_session ADD COLUMN token_index TEXT;
-- What the citizen takes home: JSON, names of consents and departments, nothing about herself.
ALTER TABLE assisted_session ADD COLUMN slip TEXT;
CREATE UNIQUE INDEX assisted_session_token ON assisted_session (token_index);
