//! registry-adapter
