-- Social welfare: pensioners. No bank particulars.
CREATE TABLE pension_beneficiary (
    ppo_no            TEXT PRIMARY KEY NOT NULL,
    applicant_name    TEXT NOT NULL,
    applicant_name_hi TEXT,
    dob               TEXT,                        -- ISO 8601
    gender            TEXT NOT NULL CHECK (gender IN ('FEMALE', 'MALE')),
    scheme_code       TEXT NOT NULL,
    district_lgd      INTEGER NOT NULL,
    payment_status    TEXT NOT NULL CHECK (payment_status IN ('ACTIVE', 'HOLD', 'STOPPED')),
    status_reason     TEXT,
    status_since      TEXT,
    monthly_amount    INTEGER NOT NULL             -- rupees
);
