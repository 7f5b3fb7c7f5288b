-- What waits is taken in the order of its numbers, a hundred at a time: without this every look sorts all of it.
CREATE INDEX inbox_work_order ON inbox_work (seq);
