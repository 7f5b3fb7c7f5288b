-- The revenue department's own table, as its staff made it, and what its gateway may do with it.
\connect revenue
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
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE revenue FROM PUBLIC;
GRANT SELECT ON khatedar TO revenue_reader;
