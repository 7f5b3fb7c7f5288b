//! The public listener, over real TLS: what a member, an auditor and a stranger get.

mod federation;
mod log;
mod refusals;
mod surface;
