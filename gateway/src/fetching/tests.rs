//! Facts that come, facts that do not, and what is decided by either.

mod consent;
mod law;
mod refusals;
mod world;
