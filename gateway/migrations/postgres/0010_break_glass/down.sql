DROP TABLE break_glass;
DROP FUNCTION guard_break_glass;
