DROP TABLE proven_key;
DROP TABLE fact_budget;
DROP TABLE fact_ask;
