DROP TABLE lease; DROP TABLE audit_trail; DROP FUNCTION audit_trail_refuse();
