DROP TABLE inquiry_part;
DROP TABLE inquiry;
