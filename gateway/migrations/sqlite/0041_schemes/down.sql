DROP TABLE scheme_order;
DROP TABLE scheme_signature;
DROP TABLE scheme_backtest;
DROP TABLE scheme_version;
