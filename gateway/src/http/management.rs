//! Routes for orchestrators, collectors and tools, on loopback: health, metrics, the API description.

use service_kit::access::Routes;

pub mod description;
pub mod health;

/// Adds the API description to health and metrics.
pub(super) fn routes(routes: Routes) -> Routes {
    description::routes(routes)
}
