-- Who may be behind an account: whoever invited it knew its password first, until somebody else confirmed that it is another person's.
ALTER TABLE account ADD COLUMN invited_by TEXT;     -- an account; null: the gateway's own machine, or the OpenID provider
ALTER TABLE account ADD COLUMN confirmed_by TEXT;   -- an account, or 'command-line'
ALTER TABLE invitation ADD COLUMN invited_by TEXT;  -- as in account, once it is used
-- Those of before: whoever invited them last.
UPDATE account SET invited_by = (SELECT t.actor FROM audit_trail AS t WHERE t.action = 'user.invite' AND t.outcome = 'done'
    AND t.target = account.name ORDER BY t.seq DESC LIMIT 1);
UPDATE account SET invited_by = NULL WHERE invited_by = 'command-line';
UPDATE invitation SET invited_by = (SELECT a.invited_by FROM account AS a WHERE a.name = invitation.account);
-- Pseudonyms that an account had before: what it did under one of them was done by the same person.
CREATE TABLE account_person (
    account TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (account, person)
);
CREATE INDEX account_person_person ON account_person (person);
CREATE INDEX account_of_person ON account (person);
-- A revocation is final: it waits behind no other order.
ALTER TABLE order_forward ADD COLUMN revokes BIGINT NOT NULL DEFAULT 0 CHECK (revokes IN (0, 1));
CREATE INDEX order_forward_turn ON order_forward (peer, consent_index, revokes, since_ms) WHERE state = 'waiting';
-- Why an officer linked a person whom the matcher left open, or said that she is none of the rows. Insert-only.
CREATE TABLE link_decision (
    id TEXT PRIMARY KEY NOT NULL,
    subject_index TEXT NOT NULL,      -- as in subject_link
    officer TEXT NOT NULL,            -- pseudonym
    linked BIGINT NOT NULL CHECK (linked IN (0, 1)),
    reason BYTEA NOT NULL,            -- encrypted
    decided_at BIGINT NOT NULL
);
CREATE INDEX link_decision_subject ON link_decision (subject_index);
CREATE FUNCTION guard_link_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'link_decision is insert-only';
END $$;
CREATE TRIGGER link_decision_guard BEFORE UPDATE OR DELETE ON link_decision FOR EACH ROW EXECUTE FUNCTION guard_link_decision();
