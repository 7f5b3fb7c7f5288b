-- The public page counts a month of receipts.
CREATE INDEX receipt_issued ON receipt (issued_at, jti);
