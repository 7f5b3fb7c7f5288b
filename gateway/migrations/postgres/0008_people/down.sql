DROP TABLE officer_key;
DROP TABLE login_flow;
DROP TABLE sign_in_try;
DROP TABLE session;
DROP TABLE invitation;
DROP TABLE account;
