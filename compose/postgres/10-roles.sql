-- The databases of two departments and of their gateways. A gateway owns its own database; of the department's it gets a reader
-- that can only read, and where beneficiaries may be held a writer that can change only the roll and the journal.
-- Authentication is by pg_hba.conf: on one machine `trust` on loopback or better `scram-sha-256` with `password_file`.
CREATE ROLE revenue_gateway LOGIN;
CREATE ROLE social_gateway LOGIN;
CREATE DATABASE revenue_gateway OWNER revenue_gateway;
CREATE DATABASE social_gateway OWNER social_gateway;
CREATE ROLE revenue_reader LOGIN;
CREATE ROLE social_reader LOGIN;
CREATE ROLE social_writer LOGIN;
CREATE DATABASE revenue;
CREATE DATABASE social;
