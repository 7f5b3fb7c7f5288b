DROP TABLE lease; DROP TABLE audit_trail;
