//! Two gateways over real TLS learn whom both rolls have, and what is not allowed leaves nothing but evidence.

mod comparing;
mod refusals;
mod world;
