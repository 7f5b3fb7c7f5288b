ALTER TABLE receipt DROP COLUMN assisted;
ALTER TABLE order_forward DROP COLUMN put_off;
