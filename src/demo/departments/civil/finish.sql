-- What the department's own application relies on, made after the bulk load.
CREATE INDEX residents_ageing ON residents (date_of_birth) WHERE alive = 1 AND dob_precision = 'day';
CREATE INDEX residents_family ON residents (family_name, given_name);
CREATE INDEX deaths_resident ON deaths (resident_no);
CREATE INDEX births_mother ON births (mother_no);
CREATE INDEX marriages_husband ON marriages (husband_no);
CREATE INDEX marriages_wife ON marriages (wife_no);
-- The register's own rules: an entered death ends a life, a struck entry restores it.
CREATE TRIGGER deaths_end_life AFTER INSERT ON deaths BEGIN
    UPDATE residents SET alive = 0 WHERE resident_no = NEW.resident_no;
END;
CREATE TRIGGER deaths_struck AFTER DELETE ON deaths BEGIN
    UPDATE residents SET alive = 1 WHERE resident_no = OLD.resident_no;
END;
CREATE TRIGGER deaths_cancelled AFTER UPDATE OF cancelled_on ON deaths WHEN NEW.cancelled_on IS NOT NULL BEGIN
    UPDATE residents SET alive = 1 WHERE resident_no = NEW.resident_no;
END;
