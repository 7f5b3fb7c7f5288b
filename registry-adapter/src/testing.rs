//! Throw-away databases for tests.
