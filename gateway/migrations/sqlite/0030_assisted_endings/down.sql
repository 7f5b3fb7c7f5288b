DROP TABLE assisted_ending;
