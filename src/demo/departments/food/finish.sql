CREATE INDEX ration_member_name ON ration_member (name_en, birth_date);
