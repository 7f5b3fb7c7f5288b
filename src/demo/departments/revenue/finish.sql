CREATE INDEX khatedar_name ON khatedar (name_en, dob);
