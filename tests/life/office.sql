-- A department of the small world: the people it knows, and one table for all its benefits.
CREATE TABLE people (
    person_no  TEXT PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    birth_date TEXT NOT NULL
);
CREATE INDEX people_birth ON people (birth_date);
CREATE TABLE beneficiary (
    number    TEXT PRIMARY KEY NOT NULL,
    person_no TEXT,                       -- none where the row's own number is the person's
    name      TEXT NOT NULL,
    scheme    TEXT NOT NULL,
    status    TEXT NOT NULL CHECK (status IN ('ACTIVE', 'HOLD', 'STOPPED')),
    reason    TEXT,
    since     TEXT,
    until     TEXT,
    amount    INTEGER,
    is_head   BOOLEAN
);
CREATE INDEX beneficiary_person ON beneficiary (person_no);
CREATE TABLE household (
    number TEXT PRIMARY KEY NOT NULL,
    bpl    BOOLEAN NOT NULL
);
