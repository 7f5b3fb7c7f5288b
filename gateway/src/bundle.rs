//! Putting together what an auditor gets.
