-- Social welfare on PostgreSQL: the shape of schema.sql in PostgreSQL's types.
CREATE TABLE pension_beneficiary (
    ppo_no            text PRIMARY KEY,
    applicant_name    text NOT NULL,
    applicant_name_hi text,
    dob               date,
    gender            text CHECK (gender IN ('FEMALE', 'MALE')),
    scheme_code       text NOT NULL,
    district_lgd      integer,
    payment_status    text NOT NULL CHECK (payment_status IN ('ACTIVE', 'HOLD', 'STOPPED')),
    status_reason     text,
    status_since      text,
    monthly_amount    integer NOT NULL CHECK (monthly_amount >= 0)
);
