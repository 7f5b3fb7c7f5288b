//! Reviews at a gateway that runs, over a department's own table: by page, command and counter; what is refused, and to whom.

mod commands;
mod counter;
mod looking;
mod pages;
mod places;
mod world;
