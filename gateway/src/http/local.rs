//! Routes for the department's own systems, below `/v1`. Each area adds its own line.

use service_kit::access::Routes;

pub mod binding_offers;
pub mod bundle;
pub mod consent_requests;
pub mod events;
pub mod links;
pub mod queries;

/// Adds the routes of every area.
pub(super) fn routes(routes: Routes) -> Routes {
    let routes = bundle::routes(routes);
    let routes = links::routes(events::routes(routes));
    let routes = binding_offers::routes(consent_requests::routes(routes));
    queries::routes(routes)
}
