//! The cases that must come out right, each a test by the words of its row: real processes, real databases, one clock.
//!
//! Guarantees: what happens is entered in a department's own tables; what follows is read from the other department's tables, its journal
//! and its signed decisions. Windows pass by the clock. Rows of one module share a world and take turns in it, each with people of its
//! own; whoever leaves last stops it. `docs/cases.md` says which row is which test.

mod world;

mod ages;
mod deaths;
mod documented;
mod families;
mod moves;
mod rolls;
