DROP TABLE subject_link; DROP TABLE anchored; DROP FUNCTION refuse_change CASCADE; DROP TABLE outbox; DROP TABLE register_seen; DROP TABLE member_chain; DROP TABLE statement_seen;
