DROP INDEX audit_trail_outside;
DROP TABLE review_order;
DROP TABLE decision_note;
