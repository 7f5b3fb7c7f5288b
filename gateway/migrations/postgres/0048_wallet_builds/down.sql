DROP TABLE wallet_build;
