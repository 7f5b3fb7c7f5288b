//! The citizen's side through real listeners: what is given, and what is refused.

mod asking;
mod binding;
mod ending;
mod forwarding;
mod history;
mod links;
mod orders;
mod responding;
mod statuses;
mod wards;
