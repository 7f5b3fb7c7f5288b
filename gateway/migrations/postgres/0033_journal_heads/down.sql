DROP TABLE journal_look;
DROP TABLE journal_head;
