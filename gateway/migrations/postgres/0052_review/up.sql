-- What officers wrote beside a decision: why they decided so, and which papers were shown with an objection. Insert-only.
CREATE TABLE decision_note (
    id TEXT PRIMARY KEY,
    decision TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('reason', 'paper')),
    account TEXT NOT NULL,
    body BYTEA NOT NULL,              -- the words; encrypted
    at_ms BIGINT NOT NULL
);
CREATE INDEX decision_note_of ON decision_note (decision, at_ms);
CREATE TRIGGER decision_note_is_final BEFORE UPDATE OR DELETE ON decision_note FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- Orders that officers signed with their own keys, each taken once. Insert-only.
CREATE TABLE review_order (
    kid TEXT NOT NULL,
    jti TEXT NOT NULL,
    account TEXT NOT NULL,
    jws BYTEA NOT NULL,               -- may hold words of a citizen; encrypted
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (kid, jti)
);
CREATE TRIGGER review_order_is_final BEFORE UPDATE OR DELETE ON review_order FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- What others did to rolls is listed for officers.
CREATE INDEX audit_trail_outside ON audit_trail (seq) WHERE action = 'roll.changed-outside';
