-- The social welfare department's own table, as its staff made it, and what its gateway may do with it.
\connect social
CREATE TABLE pension_beneficiary (
    ppo_no            text PRIMARY KEY,
    applicant_name    text NOT NULL,
    applicant_name_hi text,
    dob               date,
    gender            text NOT NULL CHECK (gender IN ('FEMALE', 'MALE')),
    scheme_code       text NOT NULL,
    district_lgd      integer NOT NULL,
    payment_status    text NOT NULL CHECK (payment_status IN ('ACTIVE', 'HOLD', 'STOPPED')),
    status_reason     text,
    status_since      text,
    monthly_amount    integer NOT NULL CHECK (monthly_amount >= 0)
);
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE social FROM PUBLIC;
GRANT SELECT ON pension_beneficiary TO social_reader;
GRANT SELECT ON pension_beneficiary TO social_writer;
GRANT UPDATE (payment_status, status_reason, status_since) ON pension_beneficiary TO social_writer;
CREATE SCHEMA vinimay_journal AUTHORIZATION social_writer;
