ALTER TABLE journal_look DROP COLUMN alarmed_seq;
