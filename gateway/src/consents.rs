//! Asking citizens, and keeping what they decide.
