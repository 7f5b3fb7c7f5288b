-- How often the other party answered an order of a citizen, and neither took it nor refused it for good. Being away is not counted.
ALTER TABLE order_forward ADD COLUMN put_off BIGINT NOT NULL DEFAULT 0;
-- Whose operator helped the citizen to give the consent of this exchange; null: nobody.
ALTER TABLE receipt ADD COLUMN assisted TEXT;
