-- Up to which entry of its journal what others did to a roll was alarmed; none where the roll was looked at before this column was.
ALTER TABLE journal_look ADD COLUMN alarmed_seq BIGINT;
