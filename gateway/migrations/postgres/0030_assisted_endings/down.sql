DROP TABLE assisted_ending;
DROP FUNCTION guard_assisted_ending;
