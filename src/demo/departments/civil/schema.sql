-- Civil registration: residents, births, deaths, marriages, moves.
CREATE TABLE residents (
    resident_no     TEXT PRIMARY KEY NOT NULL,
    household_no    TEXT NOT NULL,
    given_name      TEXT NOT NULL,
    family_name     TEXT,
    name_hi         TEXT,
    sex             TEXT NOT NULL CHECK (sex IN ('female', 'male')),
    date_of_birth   TEXT NOT NULL,                 -- ISO 8601; 1 January where only the year is known
    dob_precision   TEXT NOT NULL CHECK (dob_precision IN ('day', 'year')),
    district_lgd    INTEGER NOT NULL,              -- Local Government Directory
    village         TEXT,
    village_hi      TEXT,
    marital_status  TEXT CHECK (marital_status IN ('unmarried', 'married', 'widowed', 'divorced', 'deserted')),
    social_category TEXT CHECK (social_category IN ('ST', 'SC', 'OBC', 'GEN')),
    mother_no       TEXT REFERENCES residents (resident_no),
    father_no       TEXT REFERENCES residents (resident_no),
    alive           INTEGER NOT NULL CHECK (alive IN (0, 1))
);
CREATE TABLE births (
    registration_number TEXT PRIMARY KEY NOT NULL,
    resident_no         TEXT NOT NULL REFERENCES residents (resident_no),
    date_of_birth       TEXT NOT NULL,
    time_of_birth       TEXT,                      -- HH:MM
    birth_order         INTEGER NOT NULL,
    plurality           INTEGER NOT NULL,
    mother_no           TEXT NOT NULL REFERENCES residents (resident_no),
    father_no           TEXT REFERENCES residents (resident_no),
    place_lgd           INTEGER NOT NULL,
    place_kind          TEXT NOT NULL CHECK (place_kind IN ('facility', 'home')),
    registered_at       TEXT NOT NULL
);
CREATE TABLE deaths (
    registration_number TEXT PRIMARY KEY NOT NULL,
    resident_no         TEXT NOT NULL REFERENCES residents (resident_no),
    date_of_death       TEXT NOT NULL,
    date_precision      TEXT NOT NULL CHECK (date_precision IN ('day', 'month', 'year')),
    registered_at       TEXT NOT NULL,
    place_lgd           INTEGER NOT NULL,
    cancelled_on        TEXT,                      -- an entry that was wrong is cancelled, never erased
    cancel_reason       TEXT CHECK (cancel_reason IN ('never_died', 'wrong_person', 'duplicate', 'court'))
);
CREATE TABLE marriages (
    registration_number TEXT PRIMARY KEY NOT NULL,
    husband_no          TEXT NOT NULL REFERENCES residents (resident_no),
    wife_no             TEXT NOT NULL REFERENCES residents (resident_no),
    date_of_marriage    TEXT NOT NULL,
    place_lgd           INTEGER NOT NULL,
    registered_at       TEXT NOT NULL
);
CREATE TABLE residence_moves (
    registration_number TEXT PRIMARY KEY NOT NULL,
    resident_no         TEXT NOT NULL REFERENCES residents (resident_no),
    moved_on            TEXT NOT NULL,
    kind                TEXT NOT NULL CHECK (kind IN ('within_district', 'inter_district', 'out_of_state', 'into_state', 'abroad', 'return')),
    from_state          INTEGER,                   -- Local Government Directory
    from_district       INTEGER,
    to_state            INTEGER,
    to_district         INTEGER,
    temporary           INTEGER NOT NULL CHECK (temporary IN (0, 1)),
    registered_at       TEXT NOT NULL
);
