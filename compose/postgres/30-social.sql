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
-- The writer's few rights and the journal come by `vinimay gateway source install`, run once by this database's owner.
