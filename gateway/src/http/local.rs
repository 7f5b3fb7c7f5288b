//! Routes for the department's own systems, below `/v1`. Each area adds its own line.

use service_kit::access::Routes;

pub mod batches;
pub mod binding_offers;
pub mod bindings;
pub mod bundle;
pub mod cases;
pub mod catalogue;
pub mod consent_requests;
pub mod erasures;
pub mod events;
pub mod letters;
pub mod links;
pub mod message_reports;
pub mod objections;
pub mod queries;
pub mod reports;

/// Adds the routes of every area.
pub(super) fn routes(routes: Routes) -> Routes {
    let routes = letters::routes(erasures::routes(routes));
    let routes = objections::routes(bundle::routes(routes));
    let routes = reports::routes(links::routes(events::routes(routes)));
    let routes = bindings::routes(binding_offers::routes(consent_requests::routes(routes)));
    let routes = catalogue::routes(cases::routes(batches::routes(routes)));
    queries::routes(message_reports::routes(routes))
}
