DROP TABLE law_register;
