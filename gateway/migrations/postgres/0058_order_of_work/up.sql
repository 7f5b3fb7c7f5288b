-- The same as for SQLite, in PostgreSQL's words; the comments stand there.
CREATE INDEX inbox_work_order ON inbox_work (seq);
