DROP TABLE receipt_return; DROP TABLE ask_answer; DROP TABLE ask_open; DROP TABLE ask; DROP TABLE stored_answer;
DROP TABLE counterpart_receipt; DROP TABLE receipt; DROP TABLE consent_state; DROP TABLE exchange_claim;
