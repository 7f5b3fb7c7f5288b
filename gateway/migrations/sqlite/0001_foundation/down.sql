DROP TABLE subject_link; DROP TABLE anchored; DROP TABLE outbox; DROP TABLE register_seen; DROP TABLE member_chain; DROP TABLE statement_seen;
