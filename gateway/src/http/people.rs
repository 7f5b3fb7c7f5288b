//! Routes for wallets and the public. Each area adds its own line.

use service_kit::access::Routes;

pub mod citizen_assisted;
pub mod citizen_benefits;
pub mod citizen_bundles;
pub mod citizen_history;
pub mod citizen_links;
pub mod citizen_nonce;
pub mod citizen_notices;
pub mod citizen_orders;
pub mod citizen_preferences;
pub mod consent_requests;
pub mod consent_responses;
pub mod entity_configuration;
pub mod identity_bindings;
pub mod identity_credential;
pub mod identity_guardianships;
pub mod identity_nonce;
pub mod identity_token;
pub mod issuer_metadata;
pub mod pages;
pub(crate) mod said;
pub mod status_list;

/// Patterns that begin so may be called by pages of the federation's wallet (CORS); none of them knows a session.
pub(super) const FOR_WALLETS: &[&str] = &["/citizen/", "/consents/", "/identity/", "/status/", "/.well-known/"];

/// Adds the routes of every area.
pub(super) fn routes(routes: Routes) -> Routes {
    let routes = entity_configuration::routes(routes);
    let routes = citizen_preferences::routes(citizen_notices::routes(routes));
    let routes = consents(citizens(routes));
    identity(routes)
}

fn citizens(routes: Routes) -> Routes {
    let routes = citizen_assisted::routes(citizen_bundles::routes(citizen_benefits::routes(routes)));
    citizen_links::routes(citizen_history::routes(citizen_orders::routes(citizen_nonce::routes(routes))))
}

fn consents(routes: Routes) -> Routes {
    consent_responses::routes(consent_requests::routes(routes))
}

/// Each of these refuses with `role-missing` where the department is no identity registry.
fn identity(routes: Routes) -> Routes {
    let routes = status_list::routes(issuer_metadata::routes(routes));
    let routes = identity_guardianships::routes(identity_bindings::routes(routes));
    identity_credential::routes(identity_nonce::routes(identity_token::routes(routes)))
}
