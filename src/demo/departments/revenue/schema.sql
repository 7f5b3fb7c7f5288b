-- Revenue: one table of land holders and incomes, dates as clerks type them, districts as text.
CREATE TABLE khatedar (
    khata_no          TEXT PRIMARY KEY NOT NULL,
    naam_hi           TEXT,
    name_en           TEXT NOT NULL,               -- SURNAME, Given; without comma where there is no surname
    dob               TEXT,                        -- dd/mm/yyyy
    annual_income     INTEGER,                     -- rupees
    income_band       TEXT,
    income_year_start TEXT NOT NULL,               -- ISO 8601, 1 April
    rakba_hectare     TEXT,                        -- three decimals
    gram_hi           TEXT,
    tehsil_code       TEXT NOT NULL,
    district_code     TEXT NOT NULL
);
