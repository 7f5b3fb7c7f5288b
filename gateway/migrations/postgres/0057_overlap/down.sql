DROP TABLE overlap_mark;
DROP TABLE overlap_record;
DROP TABLE overlap;
