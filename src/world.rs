//! A whole federation as processes of the real binary: an anchor and its departments, each in a folder of its own.
//!
//! Used by the demonstration, by end-to-end tests and by the benchmark. Guarantees: everything is set up by the same commands that
//! a department's staff would type; every process ends with its parent, however that ends. Deliberately absent: any short cut
//! into a server's memory or database.

mod address;
mod anchor;
mod department;
mod process;
mod settings;

pub use address::Addresses;
pub use anchor::{Anchor, Registers};
pub use department::{Department, DepartmentPlan, LocalClient};
pub use process::{Binary, CommandFailed, Server};
pub use settings::{ServedWallet, Store};
