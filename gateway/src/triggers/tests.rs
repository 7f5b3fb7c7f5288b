//! Two departments over real TLS.
