-- The departments' own tables, with synthetic people who are told apart by name and birth date. $people stands for their number.
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
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE civil FROM PUBLIC;
GRANT SELECT ON residents TO bench_reader;
-- database revenue
CREATE TABLE khatedar (
    khata_no          text PRIMARY KEY,
    naam_hi           text,
    name_en           text NOT NULL,
    dob               text CHECK (dob ~ '^[0-9]{2}/[0-9]{2}/[0-9]{4}$'),
    annual_income     integer CHECK (annual_income >= 0),
    income_band       text,
    income_year_start date NOT NULL,
    rakba_hectare     text,
    gram_hi           text,
    tehsil_code       text NOT NULL,
    district_code     text NOT NULL
);
INSERT INTO khatedar
SELECT 'SYN-K' || lpad(n::text, 6, '0'), NULL, 'PARIKSHAN, Nagarik' || translate(n::text, '0123456789', 'abcdefghij'),
       to_char(date '1940-01-01' + n % 15000, 'DD/MM/YYYY'), 60000 + n % 40000, 'below-1-lakh', date '2025-04-01',
       '0.8', NULL, '3310', '387'
FROM generate_series(0, $people - 1) AS n;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE revenue FROM PUBLIC;
GRANT SELECT ON khatedar TO bench_reader;
