//! Exchanges: answering other departments' queries, and asking them.
//!
//! Guarantees: `answer.rs` is the whole story of an answer, `ask.rs` of a question; nothing leaves before its receipt is durable;
//! no state but caches, so that any number of processes may share one PostgreSQL. Deliberately absent: what is allowed
//! (`protocol::consent`), and HTTP.

pub mod answer;
pub mod basis;
pub mod journal;
mod rejected;

pub use rejected::Rejected;
