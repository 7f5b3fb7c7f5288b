DROP TABLE breaker;
DROP TABLE match_queue;
DROP TABLE objection;
DROP TABLE decision_record;
DROP TABLE decision;
DROP TABLE decision_person;
DROP TABLE fact_record;
