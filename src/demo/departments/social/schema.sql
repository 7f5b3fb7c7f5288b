-- Social welfare: pensioners and other beneficiaries. No bank particulars.
CREATE TABLE pension_beneficiary (
    ppo_no            TEXT PRIMARY KEY NOT NULL,
    applicant_name    TEXT NOT NULL,
    applicant_name_hi TEXT,
    dob               TEXT,                        -- ISO 8601
    gender            TEXT CHECK (gender IN ('FEMALE', 'MALE')),
    scheme_code       TEXT NOT NULL,
    district_lgd      INTEGER,
    payment_status    TEXT NOT NULL CHECK (payment_status IN ('ACTIVE', 'HOLD', 'STOPPED')),
    status_reason     TEXT,
    status_since      TEXT,
    monthly_amount    INTEGER NOT NULL             -- rupees
);
-- Children with a benchmark disability: the allowance until 18.
CREATE TABLE child_disability_allowance (
    register_no    TEXT PRIMARY KEY NOT NULL,
    child_name     TEXT NOT NULL,
    birth_date     TEXT NOT NULL,                  -- ISO 8601
    district_lgd   INTEGER NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('ACTIVE', 'HOLD')),
    status_since   TEXT,
    monthly_amount INTEGER NOT NULL                -- rupees
);
-- From 18 on: the pension, under the number of the same register.
CREATE TABLE disability_pension (
    pension_no     TEXT PRIMARY KEY NOT NULL,
    register_no    TEXT NOT NULL,
    name           TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('ACTIVE', 'HOLD')),
    status_reason  TEXT,
    status_since   TEXT,
    monthly_amount INTEGER NOT NULL                -- rupees
);
-- Assistance on marriage, paid once.
CREATE TABLE marriage_assistance (
    file_no       TEXT PRIMARY KEY NOT NULL,
    name          TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('SANCTIONED', 'HOLD')),
    status_reason TEXT,
    status_since  TEXT
);
