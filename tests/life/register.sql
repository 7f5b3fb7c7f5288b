-- Civil registration of the small world: residents, and registers to which entries are only added. A number is no key, so that a
-- clerk can enter one twice.
CREATE TABLE residents (
    resident_no   TEXT PRIMARY KEY NOT NULL,
    given_name    TEXT NOT NULL,
    family_name   TEXT,
    sex           TEXT NOT NULL CHECK (sex IN ('female', 'male')),
    date_of_birth TEXT NOT NULL,
    dob_precision TEXT NOT NULL DEFAULT 'day' CHECK (dob_precision IN ('day', 'year')),
    district_lgd  INTEGER NOT NULL,
    alive         INTEGER NOT NULL DEFAULT 1 CHECK (alive IN (0, 1))
);
CREATE INDEX residents_ageing ON residents (date_of_birth, resident_no) WHERE alive = 1 AND dob_precision = 'day';
CREATE TABLE births (
    entry_no            INTEGER PRIMARY KEY,
    registration_number TEXT NOT NULL,
    resident_no         TEXT NOT NULL,
    date_of_birth       TEXT NOT NULL,
    sex                 TEXT NOT NULL,
    birth_order         INTEGER NOT NULL,
    plurality           INTEGER NOT NULL,
    mother_no           TEXT,
    mother_name         TEXT,             -- where nobody knows her number
    father_no           TEXT,
    place_lgd           INTEGER NOT NULL,
    place_kind          TEXT NOT NULL
);
CREATE TABLE deaths (
    entry_no            INTEGER PRIMARY KEY,
    registration_number TEXT NOT NULL,
    resident_no         TEXT NOT NULL,
    date_of_death       TEXT NOT NULL
);
CREATE INDEX deaths_resident ON deaths (resident_no);
CREATE TABLE annulments (
    entry_no            INTEGER PRIMARY KEY,
    registration_number TEXT NOT NULL,
    resident_no         TEXT NOT NULL,
    annulled_on         TEXT NOT NULL,
    reason              TEXT NOT NULL CHECK (reason IN ('never_died', 'wrong_person', 'duplicate', 'court'))
);
CREATE INDEX annulments_number ON annulments (registration_number);
CREATE TABLE reports (
    entry_no      INTEGER PRIMARY KEY,
    report_number TEXT NOT NULL,
    resident_no   TEXT NOT NULL,
    reported_by   TEXT NOT NULL,
    reported_on   TEXT NOT NULL
);
CREATE TABLE marriages (
    entry_no            INTEGER PRIMARY KEY,
    registration_number TEXT NOT NULL,
    husband_no          TEXT NOT NULL,
    wife_no             TEXT NOT NULL,
    date_of_marriage    TEXT NOT NULL
);
CREATE INDEX marriages_husband ON marriages (husband_no);
CREATE INDEX marriages_wife ON marriages (wife_no);
CREATE TABLE moves (
    entry_no            INTEGER PRIMARY KEY,
    registration_number TEXT NOT NULL,
    resident_no         TEXT NOT NULL,
    moved_on            TEXT NOT NULL,
    kind                TEXT NOT NULL,
    from_state          INTEGER,
    from_district       INTEGER,
    to_state            INTEGER,
    to_district         INTEGER
);
CREATE TABLE presences (
    entry_no    INTEGER PRIMARY KEY,
    resident_no TEXT NOT NULL,
    seen_on     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    district    INTEGER
);
CREATE TABLE corrections (
    entry_no     INTEGER PRIMARY KEY,
    resident_no  TEXT NOT NULL,
    corrected_on TEXT NOT NULL,
    field        TEXT NOT NULL,
    value        TEXT
);
CREATE TABLE households (
    entry_no     INTEGER PRIMARY KEY,
    household_no TEXT NOT NULL,
    resident_no  TEXT NOT NULL,
    changed_on   TEXT NOT NULL,
    change       TEXT NOT NULL,
    head_no      TEXT
);
-- The register's own rules.
CREATE TRIGGER deaths_end_life AFTER INSERT ON deaths BEGIN
    UPDATE residents SET alive = 0 WHERE resident_no = NEW.resident_no;
END;
CREATE TRIGGER annulments_restore_life AFTER INSERT ON annulments BEGIN
    UPDATE residents SET alive = 1 WHERE resident_no = NEW.resident_no;
END;
