DROP TABLE notice_preference;
DROP TABLE notice_delivery;
DROP TABLE notice;
DROP INDEX consent_state_revoked;
DROP INDEX inquiry_part_exchange;
DROP TABLE erasure;
DROP TABLE erase_order;
DROP TABLE retention;
