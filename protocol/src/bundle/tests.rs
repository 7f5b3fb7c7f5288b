//! Whole bundles from real keys, a real tree and a real time-stamp authority; then each binding broken.

mod accepted;
mod bytes;
mod erased;
mod evidence;
mod golden;
mod law;
mod openssl;
mod tampered;
mod undecided;
