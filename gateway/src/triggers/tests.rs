//! Civil registration and social welfare, joined, with real databases and mutual TLS; what each step of an event does, and what
//! happens when one stops in between.

mod ageing;
mod delivery;
mod faults;
mod life;
mod refusals;
mod reporting;
mod road;
mod subscribing;
mod world;
