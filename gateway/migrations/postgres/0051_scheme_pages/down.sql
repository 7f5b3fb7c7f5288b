DROP TABLE scheme_leavers_read;
DROP TABLE scheme_backtest_people;
DROP TABLE scheme_backtest_run;
