DROP TABLE inquiry_part;
DROP TABLE inquiry;
DROP FUNCTION guard_inquiry_part();
