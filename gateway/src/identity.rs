//! Offers, bindings and their status.
