//! One exchange with real keys, then everything that can be wrong with it.

mod accept;
mod bytes;
mod open;
mod oracle;
mod pair;
