-- The departments' own tables, with synthetic people. $people stands for their number.
-- database civil
CREATE TABLE residents (
    resident_no   text PRIMARY KEY,
    given_name    text NOT NULL,
    family_name   text NOT NULL,
    date_of_birth date NOT NULL,
    district_lgd  integer NOT NULL,
    alive         boolean NOT NULL
);
INSERT INTO residents
SELECT 'SYN-R' || lpad(n::text, 6, '0'), 'Nagarik' || translate(n::text, '0123456789', 'abcdefghij'), 'Parikshan',
       date '1940-01-01' + n % 15000, 387, true
FROM generate_series(0, $people - 1) AS n;
CREATE TABLE residence_moves (
    registration_number bigint PRIMARY KEY,
    resident_no         text NOT NULL,
    moved_on            date NOT NULL,
    kind                text NOT NULL,
    to_state            integer NOT NULL,
    to_district         integer NOT NULL,
    temporary           boolean NOT NULL
);
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE civil FROM PUBLIC;
-- database social
CREATE TABLE pension_beneficiary (
    ppo_no         text PRIMARY KEY,
    applicant_name text NOT NULL,
    dob            date NOT NULL,
    district_lgd   integer NOT NULL,
    payment_status text NOT NULL,
    status_reason  text,
    status_since   date
);
INSERT INTO pension_beneficiary
SELECT 'SYN-P' || lpad(n::text, 6, '0'), 'Nagarik' || translate(n::text, '0123456789', 'abcdefghij') || ' Parikshan',
       date '1940-01-01' + n % 15000, 387, 'ACTIVE', NULL, NULL
FROM generate_series(0, $people - 1) AS n;
-- The roll that a scheme is tested on; it is filled when events are over.
CREATE TABLE old_age_pension (
    pension_no     text PRIMARY KEY,
    birth_date     date NOT NULL,
    sex            text NOT NULL,
    state_code     text NOT NULL,
    district       text NOT NULL,
    category       text NOT NULL,
    bpl            boolean,
    monthly        integer NOT NULL,
    payment_status text NOT NULL
);
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE social FROM PUBLIC;
