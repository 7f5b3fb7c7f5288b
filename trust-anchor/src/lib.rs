//! trust-anchor
