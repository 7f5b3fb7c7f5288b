-- Builds of the wallet that we have served, each with the record that was signed and logged when it was first.
CREATE TABLE wallet_build (
    build BLOB PRIMARY KEY NOT NULL,
    jws TEXT NOT NULL
);
