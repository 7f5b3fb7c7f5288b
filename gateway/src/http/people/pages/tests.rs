//! Officers and visitors at a gateway that runs: what they see, what they may do, and what is refused.

pub(crate) mod html;
mod officers;
mod public;
mod schemes;

use crate::people::testing::{Office, PASSWORD, sign_in};

/// Every role at once, for pages.
const ALL_ROLES: &str = "operator scheme-officer reviewer auditor observer admin centre-operator";
